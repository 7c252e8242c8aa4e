/** How the home server is started and stopped: in the background by whoever needs it, or in the foreground. */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ServerState } from '../config.ts';
import { isAlive } from '../process-identity.ts';
import { killOwn, readFileOr, TestDesk, until } from './test-desk.ts';

let desk: TestDesk;
beforeEach(() => {
  desk = new TestDesk();
});
afterEach(() => desk.close(), 60_000);

const data = (name: string) => path.join(desk.env.AFIELD_HOME as string, name);
const TIMEOUT_MS = 90_000;

/** A port of this machine that is taken until `release`. */
async function takenPort(): Promise<{ port: string; release(): Promise<void> }> {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const { port } = holder.address() as { port: number };
  return { port: String(port), release: () => new Promise((resolve) => holder.close(() => resolve())) };
}

describe('in the background', () => {
  it(
    'run starts it, says so and where the log is; the next one finds it running',
    async () => {
      const first = await desk.cli(['run', 'shell', '--detach']);
      expect(first.code, first.err).toBe(0);
      expect(first.err).toMatch(/does not run yet: starting it in the background\.\n[\s\S]*its log is .*server\.log/);
      const pid = desk.server?.pid as number;
      const second = await desk.cli(['run', 'shell', '--detach']);
      expect([second.code, second.err]).toEqual([0, '']);
      expect(desk.server?.pid).toBe(pid);
      expect(existsSync(data('starting.lock'))).toBe(false);
    },
    TIMEOUT_MS,
  );

  it(
    'several at the same time start one',
    async () => {
      const all = await Promise.all(['a', 'b', 'c'].map((name) => desk.cli(['run', 'shell', '-s', name, '--detach'])));
      for (const { code, err } of all) expect(code, err).toBe(0);
      const { items } = await desk.json<{ items: { name: string }[] }>('list');
      expect(items.map((session) => session.name).sort()).toEqual(['a', 'b', 'c']);
      expect(readFileSync(data('server.log'), 'utf8').match(/The home server listens/g)?.length).toBe(1);
    },
    TIMEOUT_MS,
  );

  it(
    'a lock of a process that is gone is no obstacle',
    async () => {
      mkdirSync(desk.env.AFIELD_HOME as string, { mode: 0o700 });
      const gone = desk.spawn(['--version']);
      await new Promise((resolve) => gone.on('close', resolve));
      writeFileSync(data('starting.lock'), String(gone.pid));
      const { code, err } = await desk.cli(['run', 'shell', '--detach']);
      expect(code, err).toBe(0);
    },
    TIMEOUT_MS,
  );

  it(
    'a port that is taken: the reason is told, and nothing is left behind',
    async () => {
      const { port, release } = await takenPort();
      const { code, err } = await desk.cli(['run', 'shell', '--detach'], { env: { AFIELD_PORT: port } });
      await release();
      expect(code).toBe(3);
      expect(err).toMatch(new RegExp(`ended while it started\\.[\\s\\S]*${port}`));
      expect(existsSync(data('starting.lock'))).toBe(false);
      expect(desk.server).toBeNull();
    },
    TIMEOUT_MS,
  );

  it(
    'the state of a server that was killed counts for nothing',
    async () => {
      await desk.startServer();
      const { pid } = desk.server as { pid: number };
      killOwn(pid);
      await until(
        () => (isAlive(pid) ? undefined : true),
        () => 'It still runs.',
      );
      expect(await desk.cli(['list'])).toMatchObject({ code: 3, err: expect.stringContaining('does not run') });
      expect((await desk.cli(['run', 'shell', '--detach'])).code).toBe(0);
      expect(desk.server?.pid).not.toBe(pid);
    },
    TIMEOUT_MS,
  );

  it(
    'a large log becomes the old one',
    async () => {
      mkdirSync(desk.env.AFIELD_HOME as string, { mode: 0o700 });
      writeFileSync(data('server.log'), 'x'.repeat(6_000_000), { mode: 0o600 });
      await desk.startServer();
      expect(readFileOr(data('server.log.1'), '').length).toBe(6_000_000);
      expect(readFileOr(data('server.log'), '').length).toBeLessThan(100_000);
    },
    TIMEOUT_MS,
  );

  it(
    'the token and the log are readable by their owner alone, and the token is in neither arguments nor log',
    async () => {
      const { pid } = await desk.startServer();
      const token = readFileSync(data('token'), 'utf8').trim();
      expect(token.length).toBeGreaterThan(20);
      expect(statSync(desk.env.AFIELD_HOME as string).mode & 0o777).toBe(0o700);
      for (const file of ['token', 'server.log']) expect(statSync(data(file)).mode & 0o777).toBe(0o600);
      expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toContain(token);
      expect(readFileSync(data('server.log'), 'utf8')).not.toContain(token);
      const { out, err } = await desk.cli(['status', '--json']);
      expect(out + err).not.toContain(token);
    },
    TIMEOUT_MS,
  );
});

describe('what a server left behind', () => {
  it(
    'a number that another program was given since, and a socket that nobody listens on, count for nothing',
    async () => {
      const { pid } = await desk.startServer();
      killOwn(pid);
      await until(
        () => (isAlive(pid) ? undefined : true),
        () => 'It still runs.',
      );
      // this very test now has the number
      writeFileSync(data('server.json'), JSON.stringify({ ...desk.server, pid: process.pid }));
      writeFileSync(data('server.pid'), `${process.pid}\n`);
      expect(statSync(data('server.sock')).isSocket()).toBe(true);
      expect(await desk.cli(['server', 'status'])).toMatchObject({ code: 3, out: expect.stringContaining('does not run') });
      expect(await desk.cli(['server', 'stop', '--force', '--kill'])).toMatchObject({ code: 0, out: 'The home server does not run.\n' });
      const { code, err } = await desk.cli(['server', 'start']);
      expect(code, err).toBe(0);
      expect((desk.server as ServerState).pid).not.toBe(process.pid);
      expect((await desk.cli(['list'])).code).toBe(0);
    },
    TIMEOUT_MS,
  );

  it(
    'G9: a second server is refused by the database, and told which process has it',
    async () => {
      const { pid } = await desk.startServer();
      expect(await desk.cli(['serve', '--port', '0'])).toMatchObject({
        code: 3,
        err: expect.stringMatching(new RegExp(`Another Afield server \\(process ${pid} at http:.*\\) uses .*afield\\.db`)),
      });
      expect([desk.server?.pid, statSync(data('server.sock')).isSocket()]).toEqual([pid, true]);
      expect((await desk.cli(['list'])).code).toBe(0);
      // Whoever deletes its files does not make it another server's folder.
      for (const name of ['server.json', 'server.pid', 'server.sock']) rmSync(data(name));
      expect(await desk.cli(['server', 'start'])).toMatchObject({
        code: 3,
        err: expect.stringMatching(new RegExp(`Another Afield server \\(process ${pid}, .*\\) uses`)),
      });
      killOwn(pid, 'SIGTERM');
    },
    TIMEOUT_MS,
  );

  it(
    'the socket is for its owner alone, and a command finds the server by it when the port is not the one it wrote',
    async () => {
      await desk.startServer();
      expect(statSync(data('server.sock')).mode & 0o777).toBe(0o600);
      writeFileSync(data('server.json'), JSON.stringify({ ...desk.server, url: 'http://127.0.0.1:1' }));
      expect(await desk.cli(['list'])).toMatchObject({ code: 0, out: expect.stringContaining('first') });
      expect((await desk.cli(['recording', 'first', '-o', '-'])).code).toBe(0);
      const terminal = await desk.terminals.open(80, 24);
      await terminal.afield('attach first');
      await terminal.shows(/[$#] $/);
      await terminal.line('echo by-the-$((1+1))-door');
      await terminal.shows(/by-the-2-door/);
    },
    TIMEOUT_MS,
  );

  it(
    'without the socket it comes by the port',
    async () => {
      await desk.startServer();
      unlinkSync(data('server.sock'));
      expect((await desk.cli(['list'])).code).toBe(0);
    },
    TIMEOUT_MS,
  );

  it(
    'a data folder whose path is too long for a socket has one in a short folder of its own',
    async () => {
      const env = { AFIELD_HOME: path.join(desk.home, 'x'.repeat(100)) };
      try {
        expect(await desk.cli(['server', 'start'], { env })).toMatchObject({ code: 0 });
        const state = JSON.parse((await desk.cli(['server', 'status', '--json'], { env })).out) as ServerState;
        const socket = state.socket as string;
        expect(socket).toMatch(/\/afield-[^/]+\/server\.sock$/);
        expect([statSync(socket).mode & 0o777, statSync(path.dirname(socket)).mode & 0o777]).toEqual([0o600, 0o700]);
        expect((await desk.cli(['list'], { env })).code).toBe(0);
      } finally {
        await desk.cli(['server', 'stop', '--force', '--kill'], { env });
      }
    },
    TIMEOUT_MS,
  );
});

describe('serve', () => {
  it(
    'runs in the foreground, says where it listens, and ends at SIGTERM with 0',
    async () => {
      const child = desk.spawn(['serve', '--port', '0', '--work-dir', '/usr']);
      let out = '';
      child.stdout?.on('data', (bytes) => {
        out += bytes;
      });
      const ended = new Promise((resolve) => child.on('close', resolve));
      await until(
        () => /listens at http:\/\/127\.0\.0\.1:\d+\. Ctrl-C ends it\.\n/.exec(out) ?? undefined,
        () => out,
      );
      const config = await desk.json<{ config: { work_dir: string }; sources: { work_dir: string } }>('config');
      expect([config.config.work_dir, config.sources.work_dir]).toEqual(['/usr', '--work-dir']);
      // one folder, one server
      const second = await desk.cli(['serve', '--port', '0']);
      expect(second.code).not.toBe(0);
      expect(second.err).toMatch(/^afield: /);
      child.kill('SIGTERM');
      expect(await ended).toBe(0);
      expect((await desk.cli(['list'])).code).toBe(3);
    },
    TIMEOUT_MS,
  );

  it.each([
    [['--port', '99999'], /port/],
    [['--relay', 'http://x'], /relay.*wss:/],
    [['--host', '0.0.0.0'], /insecure-bind/],
  ])(
    '%j is refused before anything starts',
    async (flags, message) => {
      const { code, err } = await desk.cli(['serve', ...flags]);
      expect(err).toMatch(message);
      expect(code).not.toBe(0);
      expect(existsSync(data('server.json'))).toBe(false);
    },
    TIMEOUT_MS,
  );
});
