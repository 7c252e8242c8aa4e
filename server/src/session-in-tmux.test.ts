/** A whole home server with sessions in tmux. */
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Session } from '@afield/shared/api/sessions.ts';
import { until } from '@afield/shared/until.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newHome, startTestServer, type TestServer } from './testing.ts';
import { TMUX } from './tmux-kit.ts';

/** Asks its terminal one thing after the other and prints what it was answered, as hexadecimal numbers. */
const ASK = `stty raw -echo
ask() { printf "$1"; a=$(dd bs=200 count=1 2>/dev/null | od -An -tx1 | tr -d ' \\n'); printf '%s=%s;' "$2" "$a"; }
stty min 0 time 5
ask '\\033[c' da1; ask '\\033[6n' cpr; ask '\\033[5n' dsr; ask '\\033[?2004$p' decrqm; ask '\\033P$qm\\033\\\\' decrqss
printf 'over'; exec sleep 60`;

let home: string;
let server: TestServer;

describe.skipIf(TMUX === null)('a session in tmux, of a whole home server (skipped where tmux is not installed)', () => {
  beforeEach(async () => {
    home = newHome();
    const agents = { ask: { command: ['/bin/bash', '-c', ASK] }, still: { command: ['/bin/sh', '-c', 'echo ready; exec cat'] } };
    writeFileSync(join(home, 'config.yaml'), JSON.stringify({ agents }));
    server = await startTestServer({ home, env: { AFIELD_RUNTIME: 'tmux' } });
  });
  afterEach(async () => {
    await server.stop({ keep: true });
    for (const name of readdirSync(join(home, 'run'))) {
      try {
        execFileSync(TMUX ?? 'tmux', ['-S', join(home, 'run', name, 's'), 'kill-server'], { stdio: 'ignore' });
      } catch {
        // It held no session, and is gone already.
      }
    }
    rmSync(home, { recursive: true, force: true });
  });
  const call = async <T>(method: string, path: string, body?: unknown) =>
    (await server.call(method, path, body === undefined ? {} : { body })).body as T;
  const screen = async (id: string) => (await call<{ screen: string }>('GET', `/sessions/${id}/output`)).screen;

  it('E3: every question of the program is answered once, by tmux or by the mirror', async () => {
    const { id } = await call<Session>('POST', '/sessions', { agent: 'ask', cols: 200, rows: 24 });
    await until('it asked everything', async () => (await screen(id)).includes('over'));
    const answers = Object.fromEntries(
      [...(await screen(id)).replaceAll('\n', '').matchAll(/(\w+)=([0-9a-f]*);/g)].map(([, name, hex]) => [
        name,
        Buffer.from(hex ?? '', 'hex')
          .toString('latin1')
          .replaceAll('\x1b', 'ESC '),
      ]),
    );
    expect(answers.da1).toMatch(/^ESC \[\?[\d;]+c$/);
    expect(answers.cpr).toMatch(/^ESC \[\d+;\d+R$/);
    expect(answers.dsr).toBe('ESC [0n');
    expect(answers.decrqm).toMatch(/^ESC \[\?2004;\d\$y$/);
    expect(answers.decrqss).toMatch(/^ESC P1\$r[\d;]*mESC \\$/);
  });

  it('says how to look at it from the desk, survives the server, and is found again', async () => {
    const { id, attach_command, survives_restart, runtime } = await call<Session>('POST', '/sessions', { agent: 'still' });
    expect({ survives_restart, runtime }).toEqual({ survives_restart: true, runtime: 'tmux' });
    expect(attach_command).toMatch(new RegExp(`^tmux -S ${home}/run/[0-9a-f]{12}/s attach -t ${id}$`));
    await until('it is ready', async () => (await screen(id)).includes('ready'));
    await server.stop({ keep: true });
    server = await startTestServer({ home, env: { AFIELD_RUNTIME: 'tmux' } });
    await until(
      'it takes input',
      async () => (await server.call('POST', `/sessions/${id}/input`, { body: { text: 'hello\r' } })).status < 300,
    );
    await until('it goes on', async () => (await screen(id)).includes('hello'));
    expect(await screen(id)).toMatch(/^ready\nhello\nhello/);
    await call('DELETE', `/sessions/${id}`);
    await until('it is stopped', async () => (await call<Session>('GET', `/sessions/${id}`)).status === 'cancelled');
    await until('nothing is left', () => readdirSync(join(home, 'run')).every((name) => !name.includes(id)));
  });
});
