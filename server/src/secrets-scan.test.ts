/** D16, G13: secrets in use by sessions here and on another machine, looked for in every process and every file. */
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Project } from '@afield/shared/api/projects.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import { until } from '@afield/shared/until.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noSshd, processesWith, TestSshd } from './machines/test-sshd.ts';
import { newHome, startTestServer, type TestServer } from './testing.ts';
import { TMUX } from './tmux-kit.ts';

const CANARY = `canary${process.pid}x`;
const secret = (whose: string) => `${CANARY}-${whose}`;
/** Tells that it has them, not what they are. */
const HOLD = 'echo "has $' + '{#OF_CONFIG} $' + '{#OF_PROJECT} $' + '{#OF_SESSION} characters"; exec sleep 300';

let sshd: TestSshd;
let home: string;
let server: TestServer;
const start = () =>
  startTestServer({
    home,
    env: { AFIELD_RUNTIME: 'auto' },
    overrides: {
      env: {
        HOME: home,
        PATH: process.env.PATH,
        SHELL: '/bin/sh',
        LANG: 'C.UTF-8',
        OF_SERVER: secret('server'),
        AWS_SECRET_ACCESS_KEY: secret('server'),
      },
    },
  });

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
/** In memory, where spools go when the disk is full. */
const ROOMS = ['/dev/shm', process.env.XDG_RUNTIME_DIR ?? '/nowhere'];
const roomFiles = () => ROOMS.flatMap((room) => (statSync(room, { throwIfNoEntry: false })?.isDirectory() ? filesBelow(room) : []));

function holding(files: string[], text: string): string[] {
  return files.filter((file) => {
    try {
      return readFileSync(file, 'latin1').includes(text);
    } catch {
      // It is gone meanwhile.
      return false;
    }
  });
}

/** Processes that have it in their environment, by the session that marks them. */
function environments(text: string): (string | undefined)[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const entries = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      if (!entries.some((entry) => entry.includes(text))) return [];
      return [entries.find((entry) => entry.startsWith('AFIELD_SESSION='))?.slice('AFIELD_SESSION='.length)];
    } catch {
      return [];
    }
  });
}

describe.skipIf(noSshd !== null || TMUX === null)('secrets (skipped without tmux or sshd)', () => {
  beforeEach(async () => {
    sshd = await TestSshd.start();
    home = newHome();
    const agents = { hold: { command: ['/bin/bash', '-c', HOLD], env: { OF_CONFIG: secret('config') } } };
    writeFileSync(join(home, 'config.yaml'), JSON.stringify({ agents }), { mode: 0o600 });
    server = await start();
    const body = { name: 'far', ssh: sshd.target, host_key: sshd.fingerprint };
    expect((await server.call('POST', '/machines', { body })).status).toBe(201);
    expect((await server.call('POST', '/machines', { body: { name: 'box', prefix: ['env', 'IN_BOX=1'] } })).status).toBe(201);
  });
  afterEach(async () => {
    await server.stop({ keep: true });
    for (const folder of [home, join(sshd.home, '.local/share/afield')]) {
      for (const { pid, command } of processesWith(folder)) if (/^\S*tmux /.test(command)) process.kill(pid, 'SIGKILL');
    }
    await sshd.close();
    rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  });
  const call = async <T>(method: string, target: string, body?: unknown) => {
    const answer = await server.call(method, target, body === undefined ? {} : { body });
    expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
    return answer.body as T;
  };

  it('D16, G13: are in the environment of their own session and nowhere else: no argument, no other process, no file, no answer, no log line', {
    timeout: 60_000,
  }, async () => {
    const sessions: Session[] = [];
    for (const machine of ['local', 'far', 'box']) {
      const cwd = machine === 'far' ? sshd.home : home;
      const env = { OF_PROJECT: secret('project') };
      const { id: project_id } = await call<Project>('POST', '/projects', { name: machine, machine, cwd, env });
      sessions.push(await call<Session>('POST', '/sessions', { agent: 'hold', project_id, env: { OF_SESSION: secret('session') } }));
    }
    const lengths = ['config', 'project', 'session'].map((whose) => secret(whose).length).join(' ');
    const screen = async (id: string) => (await call<{ screen: string }>('GET', `/sessions/${id}/output`)).screen;
    for (const { id } of sessions) await until('it has them all', async () => (await screen(id)).includes(`has ${lengths} characters`));
    const look = () => {
      expect(processesWith(CANARY)).toEqual([]);
      expect(processesWith(server.app.token)).toEqual([]);
      expect(environments(server.app.token)).toEqual([]);
      expect(environments(secret('server'))).toEqual([]);
      // What a user configures is kept where it was configured; projects in the database, which only its owner reads.
      const files = [...filesBelow(home), ...filesBelow(sshd.folder), ...roomFiles()];
      expect(files.length).toBeGreaterThan(20);
      for (const whose of ['server', 'session']) expect(holding(files, secret(whose))).toEqual([]);
      expect(holding(files, secret('config'))).toEqual([join(home, 'config.yaml')]);
      for (const file of holding(files, secret('project'))) expect(file).toMatch(/\/afield\.db(-wal)?$/);
      expect(holding(files, server.app.token)).toEqual([join(home, 'token')]);
      expect(server.logged.join('')).not.toContain(CANARY);
      for (const file of files.filter((name) => name.startsWith(home))) expect([file, statSync(file).mode & 0o077]).toEqual([file, 0]);
    };
    look();
    const ids = new Set<string | undefined>(sessions.map(({ id }) => id));
    expect(new Set(environments(secret('session')))).toEqual(ids);
    expect(new Set(environments(secret('project')))).toEqual(ids);
    for (const target of [
      '/projects',
      '/sessions',
      '/config',
      '/info',
      '/machines',
      '/doctor',
      '/metrics',
      `/sessions/${sessions[0]?.id}/logs`,
    ]) {
      expect(JSON.stringify((await server.call('GET', target)).body), target).not.toContain(CANARY);
    }
    await server.stop({ keep: true });
    look();
    server = await start();
    for (const { id } of sessions) {
      await until('it is found again', async () => (await call<Session>('GET', `/sessions/${id}`)).attach_command !== null);
      await call('DELETE', `/sessions/${id}`);
    }
    await until('nothing of them runs', () => environments(CANARY).length === 0);
    look();
  });
});
