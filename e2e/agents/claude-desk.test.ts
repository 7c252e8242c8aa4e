/** The real Claude Code in a terminal, which a person at the desk uses and a phone looks after. */
import { readFile, rm } from 'node:fs/promises';
import { uuidv7 } from 'uuidv7';
import { expect, it } from 'vitest';
import { againUntil } from '../kit.ts';
import { claudeTerminal } from './claude-home.ts';
import { type DeskStage, deskTests } from './desk-tests.ts';

deskTests({
  ...claudeTerminal,
  ready: /manual mode on/,
  dialog: /Do you want to/,
  conversation: /^[0-9a-f-]{36}$/,
  greeting: { input_tokens: 1_500, cost_usd: null },
  options: { allow: 'allow', deny: 'deny' },
  editTool: 'Write',
  hearsWords: true,
  allowedFromAfar: /Allowed by PermissionRequest hook/,
  outcomeAtDesk: 'unknown',
  escapeDenies: true,
  interrupted: /Interrupted/,
  more(stage) {
    it('takes a prompt from the phone as if it was typed, and keys of the phone', () => takesPromptAndKeys(stage));
    it('nothing of it stands in arguments that others see', () => hidesItsKey(stage));
  },
});

async function takesPromptAndKeys(stage: DeskStage): Promise<void> {
  const { faces, house } = stage;
  const params = { id: faces.id };
  await rm(stage.inRepo('hello.txt'));
  await faces.client.call('promptSession', { params, body: { id: uuidv7(), content: 'SCENARIO:edit' } });
  const asked = await stage.asked();
  const { screen } = await house.get<{ screen: string }>(`/sessions/${faces.id}/output`);
  expect(screen).toMatch(/Do you want to/);
  const enter = () => faces.client.call('inputSession', { params, body: { text: '\r' } });
  await againUntil('Enter counts', enter, () => faces.gone(asked));
  await stage.isWritten();
  await stage.over();
}

async function hidesItsKey({ faces }: DeskStage): Promise<void> {
  const { pid } = await faces.session();
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8');
  expect(line).toContain('PermissionRequest');
  const key = /AFIELD_HOOK_KEY=([^\0]+)/.exec(await readFile(`/proc/${pid}/environ`, 'utf8'))?.[1] ?? '';
  expect(key.length).toBeGreaterThan(40);
  expect(line).not.toContain(key);
}
