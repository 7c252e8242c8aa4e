/** The home server is stopped, restarted and upgraded: what is asked, what ends, and what goes on. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ServerState } from '../config.ts';
import { isAlive, isHeld, processIdentity } from '../process-identity.ts';
import { MIGRATIONS } from '../store/migrations.ts';
import { killOwn, TestDesk, until } from './test-desk.ts';

let desk: TestDesk;
beforeEach(() => {
  desk = new TestDesk();
});
afterEach(() => desk.close(), 60_000);

const data = (name: string) => path.join(desk.env.AFIELD_HOME as string, name);
const TIMEOUT_MS = 90_000;
const canMount = process.platform === 'linux' && process.getuid?.() === 0;

describe('a server that hangs', () => {
  it(
    'is told apart from one that does not run, and what to do is said; server restart mends it',
    async () => {
      const { pid } = await desk.startServer();
      killOwn(pid, 'SIGSTOP');
      // All at once, since each of them waits a while before it gives up.
      const [status, json, run, restart] = await Promise.all([
        desk.cli(['server', 'status']),
        desk.cli(['server', 'status', '--json']),
        desk.cli(['run', 'shell', '--detach']),
        desk.cli(['server', 'restart']),
      ]);
      const advice = `process ${pid}, is held by a signal \\(to let it go on: kill -CONT ${pid}\\).*afield server restart`;
      expect(status).toMatchObject({ code: 3, out: expect.stringMatching(new RegExp(advice)) });
      expect(JSON.parse(json.out)).toMatchObject({ state: 'hung', answers: false, pid });
      expect(run).toMatchObject({ code: 3, err: expect.stringMatching(new RegExp(advice)) });
      expect(restart).toMatchObject({ code: 1, err: expect.stringContaining('--yes') });
      expect(isHeld(pid)).toBe(true);
      const { code, err } = await desk.cli(['server', 'restart', '--yes']);
      expect(code, err).toBe(0);
      expect([isAlive(pid), desk.server?.pid === pid]).toEqual([false, false]);
      expect((await desk.cli(['list'])).code).toBe(0);
    },
    TIMEOUT_MS,
  );

  it(
    'server stop wakes it to end',
    async () => {
      const { pid } = await desk.startServer();
      killOwn(pid, 'SIGSTOP');
      expect(await desk.cli(['server', 'stop'])).toMatchObject({ code: 0, out: expect.stringContaining('has ended') });
      expect(isAlive(pid)).toBe(false);
    },
    TIMEOUT_MS,
  );
});

describe('a server that is starting', () => {
  it(
    'says what takes long; whoever needs it waits, and starts another when it ends',
    async () => {
      mkdirSync(desk.env.AFIELD_HOME as string, { mode: 0o700 });
      const slow = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { stdio: 'ignore' });
      const pid = slow.pid as number;
      try {
        const state = {
          pid,
          process: processIdentity(pid),
          phase: 'starting',
          doing: 'Copying the database (9 MB)',
          url: '',
          version: '0.0.9',
        };
        writeFileSync(data('server.json'), JSON.stringify(state));
        expect(await desk.cli(['server', 'status'])).toMatchObject({
          code: 3,
          out: expect.stringContaining(`is starting, process ${pid}, version 0.0.9. Copying the database (9 MB).`),
        });
        const terminal = await desk.terminals.open(120, 24);
        await terminal.afield('run shell -s late --detach');
        await terminal.shows(/Copying the database \(9 MB\) … \d+ s/);
        expect(existsSync(data('starting.lock'))).toBe(false);
        slow.kill('SIGKILL');
        await terminal.shows(/^[0-9a-f-]{8,} {2}late$/m);
        expect((desk.server as ServerState).pid).not.toBe(pid);
      } finally {
        slow.kill('SIGKILL');
      }
    },
    TIMEOUT_MS,
  );
});

describe('server stop', () => {
  beforeEach(() => {
    desk.env.AFIELD_RUNTIME = 'pty';
  });

  it(
    'does not end running sessions unasked; with --force it does',
    async () => {
      const { pid } = await desk.startServer();
      const refused = await desk.cli(['server', 'stop']);
      expect(refused).toMatchObject({
        code: 1,
        err: expect.stringMatching(/1 session runs and ends with the home server: first\. .*--force/),
      });
      expect(isAlive(pid)).toBe(true);
      expect(await desk.cli(['server', 'stop', '--force'])).toMatchObject({ code: 0, out: expect.stringContaining('has ended') });
      expect(isAlive(pid)).toBe(false);
      expect((await desk.cli(['server', 'status'])).code).toBe(3);
    },
    TIMEOUT_MS,
  );

  it(
    'at a terminal it asks',
    async () => {
      const { pid } = await desk.startServer();
      const terminal = await desk.terminals.open(80, 24);
      await terminal.afield('server stop');
      await terminal.shows(/Stop it\? \[y\/N\]/);
      await terminal.line('n');
      await terminal.shows(/Nothing was stopped\./);
      expect(isAlive(pid)).toBe(true);
      await terminal.afield('server stop');
      await terminal.shows(/\[y\/N\] $/);
      await terminal.line('y');
      await terminal.shows(/has ended/);
      expect(isAlive(pid)).toBe(false);
    },
    TIMEOUT_MS,
  );

  it(
    'without sessions it just ends',
    async () => {
      await desk.startServer();
      await desk.cli(['stop', 'first']);
      expect((await desk.cli(['server', 'stop'])).code).toBe(0);
    },
    TIMEOUT_MS,
  );
});

describe('server start, restart and upgrade', () => {
  it(
    'start says where it runs, and the second time that it does already',
    async () => {
      const [one, two] = await Promise.all([desk.cli(['server', 'start']), desk.cli(['server', 'start'])]);
      for (const { code, err } of [one, two]) expect(code, err).toBe(0);
      expect(readFileSync(data('server.log'), 'utf8').match(/The home server listens/g)?.length).toBe(1);
      const { url, pid } = desk.server as ServerState;
      expect(await desk.cli(['server', 'start'])).toMatchObject({
        code: 0,
        out: `The home server runs already: ${url}, process ${pid}.\n`,
        err: '',
      });
      expect((await desk.cli(['server', 'status'])).out).toContain('Started by hand.');
      const { out } = await desk.cli(['status']);
      expect(out).toContain(url);
      expect(out).toMatch(new RegExp(`^Socket +${data('server.sock')}$`, 'm'));
      expect(out).toMatch(/^Service +started by hand$/m);
      expect(out).not.toMatch(/^(Storage|Machines) /m);
      expect(await desk.json('status')).toMatchObject({ url, socket: data('server.sock'), service: null, live_by_machine: {} });
    },
    TIMEOUT_MS,
  );

  it(
    'restart is another process with the same token; one that does not run is started',
    async () => {
      await desk.cli(['server', 'start']);
      const [{ pid }, token] = [desk.server as ServerState, readFileSync(data('token'), 'utf8')];
      const { code, out, err } = await desk.cli(['server', 'restart']);
      expect(code, err).toBe(0);
      expect(out).toMatch(/^The home server runs: http:.*process \d+, version/);
      expect([desk.server?.pid === pid, readFileSync(data('token'), 'utf8')]).toEqual([false, token]);
      await desk.cli(['server', 'stop']);
      expect((await desk.cli(['server', 'restart'])).code).toBe(0);
      expect(desk.server).not.toBeNull();
    },
    TIMEOUT_MS,
  );

  it(
    'upgrade copies a database of an earlier format before it changes it',
    async () => {
      await desk.cli(['server', 'start']);
      await desk.cli(['server', 'stop']);
      const before = toEarlierFormat(data('afield.db'));
      const { code, err } = await desk.cli(['server', 'upgrade']);
      expect(code, err).toBe(0);
      const copies = readdirSync(desk.env.AFIELD_HOME as string).filter((name) => name.startsWith('afield.db.before-'));
      expect(copies).toEqual([expect.stringMatching(/^afield\.db\.before-\d+\.\d+\.\d+-\d{8}T\d{6}Z$/)]);
      expect([formatOf(data(copies[0] as string)), statSync(data(copies[0] as string)).mode & 0o777]).toEqual([before, 0o600]);
    },
    TIMEOUT_MS,
  );

  it(
    'a change that fails leaves the database as it was, and what to do is said where the command was typed',
    async () => {
      await desk.cli(['server', 'start']);
      await desk.cli(['server', 'stop']);
      const before = toEarlierFormat(data('afield.db'), 'CREATE TABLE machines (in_the_way TEXT)');
      const { code, err } = await desk.cli(['server', 'upgrade']);
      expect(code).toBe(3);
      expect(err).toMatch(/ended while it started\.[\s\S]*could not be changed for version .*: table machines already exists.*as it was/);
      expect([formatOf(data('afield.db')), desk.server]).toEqual([before, null]);
    },
    TIMEOUT_MS,
  );

  it('G1: upgrade on a disk that is nearly full is refused before anything is touched', {
    skip: !canMount,
    timeout: TIMEOUT_MS,
  }, async () => {
    mkdirSync(desk.env.AFIELD_HOME as string, { mode: 0o700 });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32m,mode=700', 'afield', desk.env.AFIELD_HOME as string]);
    try {
      await desk.cli(['server', 'start']);
      const { pid } = desk.server as ServerState;
      const { code, err } = await desk.cli(['server', 'upgrade', '--yes']);
      expect([code, err]).toEqual([
        1,
        expect.stringMatching(/has [\d.]+ MB left; .* may be needed\. Nothing was touched: the home server goes on/),
      ]);
      expect([isAlive(pid), (await desk.cli(['list'])).code]).toEqual([true, 0]);
      // The server looks for itself too, whatever way it is started.
      await desk.cli(['server', 'stop']);
      const before = toEarlierFormat(data('afield.db'));
      expect(await desk.cli(['server', 'start'])).toMatchObject({ code: 3, err: expect.stringMatching(/Nothing was changed.* Make room/) });
      expect(formatOf(data('afield.db'))).toBe(before);
    } finally {
      await desk.cli(['server', 'stop', '--force', '--kill']);
      execFileSync('umount', [desk.env.AFIELD_HOME as string]);
    }
  });

  it(
    'sessions that end with it are named, and asked about; nothing is touched',
    async () => {
      desk.env.AFIELD_RUNTIME = 'pty';
      const { pid } = await desk.startServer();
      const { code, err } = await desk.cli(['server', 'upgrade']);
      expect([code, err]).toEqual([1, expect.stringMatching(/1 session runs and ends with the home server: first\..*--yes/)]);
      expect(isAlive(pid)).toBe(true);
      expect((await desk.cli(['server', 'upgrade', '--yes'])).code).toBe(0);
      expect(isAlive(pid)).toBe(false);
    },
    TIMEOUT_MS,
  );

  it(
    'sessions in tmux go on, and so does the terminal that is attached to one, by itself',
    async () => {
      await desk.startServer();
      const terminal = await desk.terminals.open(80, 24);
      await terminal.afield('attach first');
      await terminal.shows(/[$#] $/);
      await terminal.line('mine=kept; echo shell-$$-$mine');
      const [, shell] = /shell-(\d+)-kept/.exec(await terminal.shows(/shell-\d+-kept/)) as RegExpExecArray;
      for (const command of ['restart', 'upgrade']) {
        const { pid } = desk.server as ServerState;
        const { code, out, err } = await desk.cli(['server', command]);
        expect([code, out], err).toEqual([0, expect.stringContaining('1 session in tmux went on.')]);
        expect(desk.server?.pid).not.toBe(pid);
        // Keys that come before it is attached again are refused with a bell, not kept.
        await terminal.showsNot(/Next try|Trying|Connecting/);
        const said = `${command}-$$-$mine`;
        await until(
          async () => {
            await terminal.line(`echo ${said}`);
            return (await terminal.screen()).includes(`${command}-${shell}-kept`) ? true : undefined;
          },
          () => terminal.screen(),
        );
      }
      const { out } = await desk.cli(['logs', 'first', '--raw', 'text']);
      expect(out.match(new RegExp(`^shell-${shell}-kept`, 'gm'))?.length).toBe(1);
      expect(await desk.cli(['server', 'stop'])).toMatchObject({ code: 0, out: expect.stringContaining('1 session in tmux goes on.') });
      expect(isAlive(Number(shell))).toBe(true);
      expect((await desk.cli(['list'])).code).toBe(3);
      await desk.cli(['server', 'start']);
      await desk.printed('first', /upgrade-/);
    },
    TIMEOUT_MS,
  );

  it(
    'another machine\u2019s home server is not ours to start',
    async () => {
      for (const command of ['status', 'start', 'stop', 'restart', 'upgrade', 'install', 'uninstall'])
        expect(await desk.cli(['--server', 'http://127.0.0.1:1', 'server', command])).toMatchObject({
          code: 2,
          err: expect.stringContaining('--server'),
        });
    },
    TIMEOUT_MS,
  );
});

/** As the first version left it, without its last tables. Returns its format. */
function toEarlierFormat(file: string, more = ''): number {
  rmSync(file);
  const sqlite = new Database(file);
  sqlite.exec(MIGRATIONS[0] as string);
  if (more !== '') sqlite.exec(more);
  sqlite.pragma('user_version = 1');
  sqlite.close();
  return 1;
}

function formatOf(file: string): number {
  const sqlite = new Database(file, { readonly: true });
  try {
    return Number(sqlite.pragma('user_version', { simple: true }));
  } finally {
    sqlite.close();
  }
}
