/** G10: an agent that takes all the memory it can get, or is ended by the kernel for it. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Session } from '@afield/shared/api/sessions.ts';
import { until } from '@afield/shared/until.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processesWith } from './machines/test-sshd.ts';
import { newHome, startTestServer, type TestServer } from './testing.ts';
import { TMUX } from './tmux-kit.ts';

/** Within 400 MB of address space: the allocation that is one too many fails, and so does whatever comes after it. */
const GREEDY = 'ulimit -v 400000; ulimit -c 0; echo takes; x=$(printf "%01000000d" 1); while :; do x=$x$x; done';
/** As the kernel does: SIGKILL to the largest, without a word; what it had started goes on. $1 names it. */
const KILLED = 'sleep 291 & echo works; exec -a "$1" sleep 292';

let home: string;
let server: TestServer;
const call = async <T>(method: string, target: string, body?: unknown) =>
  (await server.call(method, target, body === undefined ? {} : { body })).body as T;
const session = (id: string) => call<Session>('GET', `/sessions/${id}`);
const screen = async (id: string) => (await call<{ screen: string }>('GET', `/sessions/${id}/output`)).screen;
const marked = (id: string) =>
  readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`AFIELD_SESSION=${id}`);
    } catch {
      return false;
    }
  });

describe.skipIf(process.platform !== 'linux').each(TMUX === null ? ['pty'] : ['tmux', 'pty'])(
  'G10: out of memory, in %s (skipped without /proc)',
  (runtime) => {
    beforeEach(async () => {
      home = newHome();
      const agents = {
        greedy: { command: ['/bin/bash', '-c', GREEDY] },
        killed: { command: ['/bin/bash', '-c', KILLED, 'agent', `victim-of-${home}`] },
        calm: { command: ['/bin/bash', '-c', 'echo ready; exec cat'] },
      };
      writeFileSync(join(home, 'config.yaml'), JSON.stringify({ agents }));
      server = await startTestServer({ home, env: { AFIELD_RUNTIME: runtime } });
    });
    afterEach(async () => {
      await server.stop({ keep: true });
      for (const { pid, command } of processesWith(home)) if (/^\S*tmux /.test(command)) process.kill(pid, 'SIGKILL');
      rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    });

    it('ends its session, which says how; nothing of it is left, and the others and the home server go on', {
      timeout: 60_000,
    }, async () => {
      const calm = await call<Session>('POST', '/sessions', { agent: 'calm' });
      const greedy = await call<Session>('POST', '/sessions', { agent: 'greedy' });
      const killed = await call<Session>('POST', '/sessions', { agent: 'killed' });
      await until('it works', async () => (await screen(killed.id)).includes('works') && processesWith(`victim-of-${home}`).length > 0);
      for (const { pid } of processesWith(`victim-of-${home}`)) if (marked(killed.id).includes(String(pid))) process.kill(pid, 'SIGKILL');
      await until('it is over', async () => (await session(killed.id)).status === 'failed');
      expect(await session(killed.id)).toMatchObject({ exit_code: null, status_reason: expect.stringMatching(/ended by SIGKILL/) });
      await until('the greedy one is over', async () => (await session(greedy.id)).status === 'failed', 30_000);
      const end = await session(greedy.id);
      expect([end.exit_code, end.status_reason]).toEqual([
        expect.toSatisfy((code) => code === null || code > 0),
        expect.stringMatching(/^The program (ended with exit code \d+|was ended by SIG)/),
      ]);
      expect(await screen(greedy.id)).toContain('takes');
      await until('nothing of it is left', () => marked(killed.id).length === 0 && marked(greedy.id).length === 0);
      await call('POST', `/sessions/${calm.id}/input`, { text: 'still there\r' });
      await until('the calm one answers', async () => (await screen(calm.id)).split('still there').length === 3);
      await call('DELETE', `/sessions/${calm.id}`);
    });
  },
);
