/** The real Claude Code, from npm, as a chat. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Approval } from '@afield/shared/api/approvals.ts';
import { expect, it } from 'vitest';
import type { ChatStage } from './chat-stage.ts';
import { chatTests } from './chat-tests.ts';
import { claudeWithMcp } from './claude-home.ts';

chatTests({
  ...claudeWithMcp,
  tells: {
    mode: 'default',
    models: expect.arrayContaining(['opus']),
    modes: expect.arrayContaining(['default', 'acceptEdits', 'plan']),
    commands: expect.arrayContaining(['compact']),
  },
  turn: { input_tokens: 1_500, cached_tokens: 300, output_tokens: 40, cost_usd: 0.00566 },
  context: { used_tokens: 1_540, size_tokens: 1_000_000 },
  conversation: /^[0-9a-f-]{36}$/,
  options: { allow: 'allow', deny: 'deny', stop: 'stop' },
  editTool: 'Write',
  runsWhileAsking: true,
  wordsOfDenial: { outputOfTool: 'Use goodbye.txt instead.' },
  change: { before: '# demo', after: '# demo, changed' },
  forSession: {
    options: [
      ['allow', 'once'],
      ['allow_session', 'session'],
      ['allow_always', 'always'],
      ['deny', 'once'],
      ['stop', 'once'],
    ],
    option: 'allow_session',
  },
  question: { id: 'q1', text: 'Which colour should it be?', tool: /AskUserQuestion/, output: '"Which colour should it be?"="Blue"' },
  plan: {
    scenario: 'tasks',
    steps: [
      { text: 'Read the code', state: 'done' },
      { text: 'Write the fix', state: 'now' },
    ],
  },
  longOutput: /^tick 1\ntick 2\ntick 3\ntick 4$/,
  refused: /Invalid API key/,
  attaches: (base64) => base64,
  more(stage) {
    it('offers no mode that asks nobody', async () => {
      expect((await stage.chat.chat()).modes.map(({ id }) => id)).not.toContain('bypassPermissions');
    });
    it('what a server of MCP asks is a question: a form, a page, a plain yes', () => answersMcp(stage));
    it('keeps what is allowed always for other sessions too, and not what is allowed for one', () => allowsAlways(stage));
  },
});

async function answersMcp(stage: ChatStage): Promise<void> {
  const { chat } = stage;
  const notices = async () => (await chat.items()).filter((item) => item.kind === 'notice').length;
  const answered = async (title: RegExp) => JSON.parse((await chat.tool(title)).output);
  const asks = async (scenario: string): Promise<Approval> => {
    await stage.allow(await stage.ask(scenario));
    return chat.asked();
  };
  const before = await notices();
  const form = await asks('form');
  expect(form.ask).toMatchObject({
    kind: 'question',
    tool_name: 'forms',
    subject: 'Which?',
    questions: [{ id: 'colour' }, { id: 'many' }],
  });
  await chat.answer(form, { answers: { colour: ['blue'], many: ['3'] } });
  await chat.done();
  expect(await answered(/forms__form/)).toEqual({ action: 'accept', content: { colour: 'blue', many: 3 } });
  const page = await asks('page');
  expect(page.ask).toMatchObject({ kind: 'question', subject: 'https://login.example/x', detail: 'Log in.', questions: [] });
  await chat.answer(page, { option_id: 'accept' });
  await chat.done();
  expect(await answered(/forms__page/)).toEqual({ action: 'accept' });
  await chat.answer(await asks('yes'), { option_id: 'decline' });
  await chat.done();
  expect(await answered(/forms__yes/)).toEqual({ action: 'decline' });
  expect(await notices()).toBe(before);
}

async function allowsAlways(stage: ChatStage): Promise<void> {
  const settings = stage.inRepo('.claude/settings.local.json');
  expect(existsSync(settings)).toBe(false);
  const other = await stage.open();
  await other.say('SCENARIO:bash');
  await other.answer(await other.asked(), { option_id: 'allow_always' });
  await other.done();
  expect(await readFile(settings, 'utf8')).toContain('touch made-by-bash');
  const third = await stage.open();
  await third.say('SCENARIO:bash');
  await third.done();
  expect(third.statuses).not.toContain('waiting');
  for (const { id } of [other, third]) await stage.house.json('stop', id);
}
