/** The real Codex in a terminal, which a person at the desk uses and a phone looks after. */
import { existsSync } from 'node:fs';
import { lstat, stat } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { codexTerminal } from './codex-home.ts';
import { type DeskStage, deskTests } from './desk-tests.ts';

deskTests({
  ...codexTerminal,
  ready: /Ask Codex to do anything/,
  dialog: /Would you like to (?:run|make)/,
  conversation: /^[0-9a-f-]{36}$/,
  greeting: { input_tokens: 1_200, cost_usd: null },
  options: { allow: 'accept', deny: 'decline' },
  escapeDenies: true,
  interrupted: /Conversation interrupted/,
  asksAgain: true,
  another: '/new',
  worked: /Worked for[^\n]*\s+› Ask Codex/,
  more(stage) {
    it('two questions at once have each their own answer, one at the desk and one from the phone', () => answersEach(stage));
    it('its socket is open to nobody else', () => hidesItsSocket(stage));
  },
});

async function answersEach(stage: DeskStage): Promise<void> {
  const { faces } = stage;
  await faces.type('SCENARIO:two');
  const both = await faces.waiting(2);
  await faces.shows(stage.given.dialog);
  const [one, two] = ['touch one.tmp', 'touch two.tmp'].map((subject) => both.filter(({ ask }) => ask.subject === subject));
  if (one?.[0] === undefined || two?.[0] === undefined) throw new Error('It asks for something else.');
  const [atDesk, fromAfar] = [one[0], two[0]];
  await faces.answer(fromAfar, { option_id: 'accept' });
  await faces.pressUntil('Enter', () => faces.gone(atDesk));
  await faces.becomes('idle');
  for (const name of ['one.tmp', 'two.tmp']) expect(existsSync(stage.inRepo(name))).toBe(true);
}

async function hidesItsSocket(stage: DeskStage): Promise<void> {
  const socket = path.join(await stage.companionFolder(), 'codex.sock');
  expect((await stat(path.dirname(socket))).mode & 0o077).toBe(0);
  expect((await stat(socket)).mode & 0o077).toBe(0);
  expect((await lstat(socket)).uid).toBe(process.getuid?.());
  const lines = (await stage.faces.programs()).map(({ args }) => args);
  expect(lines.join('\n')).not.toMatch(/ws:\/\//);
  expect(lines.filter((line) => line.includes(' app-server '))).not.toEqual([]);
}
