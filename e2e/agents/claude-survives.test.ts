/**
 * The real Claude Code, while its home server is killed three times at random moments. `script` (util-linux) stands between it and the
 * session and writes down every byte that it prints: what was recorded must be those bytes, nothing lost, nothing doubled.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '@afield/shared/api/sessions.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../kit.ts';
import { AgentHouse } from './agent-house.ts';
import { claudeEnv, claudeProgram, claudeTerminal } from './claude-home.ts';

const stage = new AgentHouse({
  ...claudeTerminal,
  config: ({ folder, model }) => ({
    command: ['script', '-q', '-f', '-O', path.join(folder, 'tape'), '-c', `${claudeProgram()} --permission-mode manual`],
    env: { ...claudeEnv(folder, model), SHELL: '/bin/sh' },
  }),
});
beforeAll(() => stage.start());
afterAll(() => stage.close());

/** What the program printed, without the line that `script` writes above and below. */
async function printed(): Promise<Buffer> {
  const bytes = await readFile(stage.inFolder('tape'));
  const head = bytes.subarray(0, 15).toString() === 'Script started ' ? bytes.indexOf(0x0a) + 1 : 0;
  return bytes.subarray(head);
}

const random = (from: number, to: number) => from + Math.random() * (to - from);

it('goes on through three kill -9 of the home server, and not a byte is lost or doubled', async () => {
  const { house } = stage;
  const { id } = await house.json<Session>('run', 'claude', '--detach', '--cwd', stage.repo);
  const session = () => house.get<Session>(`/sessions/${id}`);
  const becomes = (wanted: string) => until(`it is ${wanted}`, async () => (await session()).status === wanted);
  await becomes('idle');
  const { pid, survives_restart } = await session();
  expect(survives_restart).toBe(true);
  await house.json('send', id, 'SCENARIO:slow');
  await becomes('busy');

  for (let death = 0; death < 3; death++) {
    await sleep(random(500, 3_000));
    await house.killServer();
    await sleep(random(200, 1_500));
    await house.startServer();
  }
  await becomes('idle');

  const screen = await house.get<{ screen: string }>(`/sessions/${id}/output`);
  expect(screen.screen).toContain('word80');
  const recording = path.join(house.home, 'recordings', id, 'output.log');
  await until('the recording is as long as the tape', async () => (await readFile(recording)).length === (await printed()).length);
  expect((await readFile(recording)).equals(await printed())).toBe(true);
  const after = await session();
  expect(after.pid).toBe(pid);
  expect(after.recovered_bytes).toBeGreaterThan(0);
  expect(after.output_bytes).toBe((await printed()).length);

  expect((await house.json<Session>('stop', id)).status).toBe('cancelled');
});
