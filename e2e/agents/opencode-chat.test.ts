/** The real opencode, from npm, as a chat: a home server talks to a server of its own. */
import { expect, it } from 'vitest';
import type { ChatStage } from './chat-stage.ts';
import { chatTests } from './chat-tests.ts';
import { opencodeHome } from './opencode-home.ts';

chatTests({
  ...opencodeHome,
  // One that is set for other purposes must not be the one of our servers.
  env: { OPENCODE_SERVER_PASSWORD: 'known-to-others', OPENCODE_SERVER_USERNAME: 'somebody' },
  tells: {
    model: 'scripted/scripted-model',
    mode: 'build',
    models: ['scripted/plain', 'scripted/scripted-model'],
    modes: ['build', 'plan'],
    commands: expect.arrayContaining(['init', 'review', 'compact']),
  },
  turn: { input_tokens: 1_200, cached_tokens: 300, output_tokens: 40, cost_usd: 0.00339 },
  context: { used_tokens: 1_240, size_tokens: 200_000 },
  conversation: /^ses_/,
  options: { allow: 'once', deny: 'reject' },
  wordsOfDenial: {
    outputOfTool: 'The user rejected permission to use this specific tool call with the following feedback: Use goodbye.txt instead.',
  },
  change: { before: '# demo\n', after: '# demo, changed\n' },
  runsWhileAsking: true,
  asksTogether: true,
  forSession: {
    options: [
      ['once', 'once'],
      ['always', 'session'],
      ['reject', 'once'],
    ],
    option: 'always',
  },
  question: { id: '0', text: 'Which colour should it be?', tool: /question/, output: '="Blue"' },
  plan: {
    scenario: 'todo',
    steps: [
      { text: 'Read the code', state: 'done' },
      { text: 'Write the fix', state: 'now' },
      { text: 'Run the tests', state: 'next' },
    ],
  },
  streamsOutput: true,
  refused: /^error: invalid x-api-key \(scripted\) \(401\)/,
  overloaded: 'tells that it tries again',
  attaches: (base64) => base64,
  steers: true,
  server: /^\S+ serve /,
  more(stage) {
    it('a rejection takes the other question of its turn with it', () => rejectsBoth(stage));
    it('changes model and mode while it runs', () => changesModelAndMode(stage));
  },
});

/** In a chat of its own: what was allowed for the session in the other one holds for these commands too. */
async function rejectsBoth(stage: ChatStage): Promise<void> {
  const chat = await stage.open();
  await chat.say('SCENARIO:two');
  const [one, other] = await chat.waiting(2);
  if (one === undefined || other === undefined) throw new Error('It asks nothing.');
  await chat.answer(one, { option_id: 'reject' });
  await chat.done();
  expect(await chat.approval(other)).toMatchObject({ state: 'gone', outcome: { decision: 'deny' } });
  await stage.house.json('stop', chat.id);
}

async function changesModelAndMode(stage: ChatStage): Promise<void> {
  const { chat, phone } = stage;
  const change = (body: { model: string; mode: string }) => phone.call('updateSession', { params: { id: chat.id }, body });
  await change({ model: 'scripted/plain', mode: 'plan' });
  await stage.turn('greet');
  expect(await chat.chat()).toMatchObject({ model: 'scripted/plain', mode: 'plan' });
  const { models } = await chat.usage();
  expect(models.map((one) => one.model).sort()).toEqual(['scripted/plain', 'scripted/scripted-model']);
  await change({ model: 'scripted/scripted-model', mode: 'build' });
}
