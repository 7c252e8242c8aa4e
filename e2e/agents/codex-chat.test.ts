/** The real Codex, from npm, as a chat: a home server talks to its app-server. It starts in the mode that asks, whatever is configured. */
import { readFile, rm } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { type ChatStage, HELLO } from './chat-stage.ts';
import { chatTests } from './chat-tests.ts';
import { codexHome } from './codex-home.ts';

chatTests({
  ...codexHome,
  tells: { model: 'gpt-5.5', mode: 'read-only', modes: ['read-only', 'workspace-write'], models: expect.any(Array) },
  turn: { input_tokens: 1_200, cached_tokens: 300, output_tokens: 40, cost_usd: null },
  context: { used_tokens: 1_240 },
  conversation: /^[0-9a-f-]{36}$/,
  options: { allow: 'accept', deny: 'decline', stop: 'cancel' },
  wordsOfDenial: 'next prompt',
  change: { before: '# demo\n', after: '# demo, changed\n' },
  asksTogether: true,
  refused: /401/,
  attaches: () => 'data:image/png;base64,',
  steers: true,
  more(stage) {
    it('works without asking in another mode, and asks again after that', () => changesMode(stage));
  },
});

async function changesMode(stage: ChatStage): Promise<void> {
  const { chat, phone } = stage;
  const file = stage.inRepo('hello.txt');
  const change = (mode: string) => phone.call('updateSession', { params: { id: chat.id }, body: { mode } });
  await change('workspace-write');
  await stage.turn('edit');
  expect(chat.statuses).toEqual(['busy', 'idle']);
  expect(await readFile(file, 'utf8')).toBe(HELLO);
  await rm(file);
  await change('read-only');
  await chat.answer(await stage.ask('edit'), { option_id: 'cancel' });
  await chat.done();
}
