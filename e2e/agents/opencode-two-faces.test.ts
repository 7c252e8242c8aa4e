/** The real opencode in a terminal, which a person at the desk uses and a phone looks after. */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { type DeskStage, deskTests } from './desk-tests.ts';
import { opencodeThatAsks } from './opencode-home.ts';
import { runningPrograms } from './programs.ts';

deskTests({
  ...opencodeThatAsks,
  ready: /Ask anything/,
  dialog: /Permission required/,
  conversation: /^ses_/,
  greeting: { input_tokens: 1_200, cost_usd: 0.00339 },
  options: { allow: 'once', deny: 'reject' },
  hearsWords: true,
  asksAgain: true,
  another: '/new',
  more(stage) {
    it('its password stands in no argument, and who does not know it is refused', () => hidesItsPassword(stage));
  },
});

async function hidesItsPassword(stage: DeskStage): Promise<void> {
  const lines = (await stage.faces.programs()).map(({ args }) => args);
  const port = lines.map((line) => / --port (\d+) /.exec(line)?.[1]).find((found) => found !== undefined);
  const file = path.join(await stage.companionFolder(), 'password');
  const password = await readFile(file, 'utf8');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await runningPrograms()).filter(({ args }) => args.includes(password))).toEqual([]);
  expect((await fetch(`http://127.0.0.1:${port}/session`)).status).toBe(401);
  expect(stage.house.server.output).not.toContain(password);
}
