/** D5: names that are more than names. What a person types is validated and only ever shown; what names a file, a window or a process is an id of ours. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Project } from '@afield/shared/api/projects.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import { uuidv7 } from 'uuidv7';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newHome, startTestServer, type TestServer } from './testing.ts';
import { TMUX } from './tmux-kit.ts';

/** For people these are names, whatever they mean elsewhere. */
const FINE = [
  'two words',
  '-rf',
  '--help',
  '..',
  '../../etc',
  'a/b',
  "it's #(touch trapped); `id` $(id)",
  'ä名前🎉',
  'x'.repeat(100),
  '#{pid}',
  'con',
  '%0',
  '=afield:',
];
const REFUSED = [
  '',
  '   ',
  'two\nlines',
  'a\tb',
  'a\0b',
  '\x1b[31mred',
  'x'.repeat(101),
  'x'.repeat(300),
  '\u202egnp.exe',
  'in\u200bvisible',
];
const NO_MACHINE = [
  '',
  '-v',
  '--',
  'two words',
  'two\nlines',
  'UPPER',
  'ä',
  '../x',
  'a/b',
  '.hidden',
  'x'.repeat(65),
  'x'.repeat(300),
  'a\0b',
  '$(id)',
  'a;b',
];
const NO_ID = [
  '',
  'x',
  '-rf',
  '..',
  '%2e%2e',
  '%00',
  'a b',
  'x'.repeat(300),
  '00000000-0000-0000-0000-00000000000g',
  `${uuidv7()}%0a`,
  '..%2f..%2fetc',
];

let home: string;
let server: TestServer;
const tmux = (...args: string[]) =>
  (existsSync(join(home, 'run')) ? readdirSync(join(home, 'run')) : []).map((name) => {
    try {
      return execFileSync(TMUX ?? 'tmux', ['-S', join(home, 'run', name, 's'), ...args], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    } catch {
      return '';
    }
  });
beforeEach(async () => {
  home = newHome();
  server = await startTestServer({ home, env: { AFIELD_RUNTIME: TMUX === null ? 'pty' : 'tmux' } });
});
afterEach(async () => {
  await server.stop({ keep: true });
  if (TMUX !== null) tmux('kill-server');
  rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
});
const post = (target: string, body: unknown) => server.call('POST', target, { body });

describe('D5: odd names', () => {
  it('of sessions and projects are shown as they are, or refused; every folder, window and file has an id of ours', {
    timeout: 60_000,
  }, async () => {
    const ids: string[] = [];
    for (const [n, name] of FINE.entries()) {
      const cwd = join(home, `p${n}`);
      mkdirSync(cwd);
      const project = await post('/projects', { name, cwd });
      expect([name, project.status, (project.body as Project).name]).toEqual([name, 201, name]);
      const session = await post('/sessions', { agent: 'shell', name, project_id: (project.body as Project).id });
      expect([name, session.status, (session.body as Session).name]).toEqual([name, 201, name]);
      ids.push((session.body as Session).id);
    }
    const [first = ''] = ids;
    for (const name of FINE) expect((await server.call('PATCH', `/sessions/${first}`, { body: { name } })).body).toMatchObject({ name });
    for (const name of REFUSED) {
      const refusals = [
        await post('/sessions', { agent: 'shell', name }),
        await post('/projects', { name, cwd: home }),
        await server.call('PATCH', `/sessions/${first}`, { body: { name } }),
      ];
      expect([name, refusals.map(({ status, body }) => [status, (body as { code: string }).code])]).toEqual([
        name,
        Array(3).fill([400, 'bad_request']),
      ]);
    }
    expect(readdirSync(join(home, 'recordings')).sort()).toEqual([...ids].sort());
    if (TMUX !== null) {
      const [run = ''] = readdirSync(join(home, 'run'));
      expect(readdirSync(join(home, 'run', run, 'spool')).sort()).toEqual([...ids].sort());
      const windows = tmux('list-panes', '-a', '-F', '#{session_name} #{window_name}').join('').trim().split('\n');
      expect(windows.map((line) => line.split(' ')[0]).sort()).toEqual(['afield', ...ids].sort());
      for (const line of windows) expect(line).toMatch(/^(afield|[0-9a-f-]{36}) [a-z0-9-]+$/);
    }
    expect(readdirSync(home)).not.toContain('trapped');
    for (const id of ids) expect((await server.call('DELETE', `/sessions/${id}`)).status).toBe(200);
  });

  it('of machines are plain, and nothing else is asked for', async () => {
    for (const name of NO_MACHINE) {
      expect([name, (await post('/machines', { name, prefix: ['env'] })).status]).toEqual([name, 400]);
      expect([name, (await post('/sessions', { agent: 'shell', machine: name })).status]).toEqual([name, 400]);
      if (name === '' || name === '--') continue;
      const status = [404, 400, 405];
      expect(status).toContain((await server.call('POST', `/machines/${encodeURIComponent(name)}/check`)).status);
    }
    expect(((await server.call('GET', '/machines')).body as { items: unknown[] }).items).toHaveLength(1);
  });

  it('as ids reach nothing', async () => {
    for (const id of NO_ID) {
      expect([id, (await post('/sessions', { id: decodeURIComponent(id), agent: 'shell' })).status]).toEqual([id, 400]);
      for (const below of ['', '/output', '/recording', '/logs']) {
        const { status } = await server.call('GET', `/sessions/${id}${below}`);
        if (id !== '' && id !== '..') expect([id, below, [400, 404].includes(status)]).toEqual([id, below, true]);
      }
    }
    expect(readdirSync(home).includes('recordings') ? readdirSync(join(home, 'recordings')) : []).toEqual([]);
  });
});
