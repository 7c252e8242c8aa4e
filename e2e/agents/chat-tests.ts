/**
 * What every real agent is driven through as a chat: a home server starts it against a scripted model, and a device that is paired through
 * the relay prompts it, answers what it asks, interrupts it, and goes on with it after the home server was killed. What differs between
 * agents is data (chat-agent.ts).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../kit.ts';
import { askingTests } from './asking-tests.ts';
import type { ChatAgent } from './chat-agent.ts';
import { ChatStage, GREETING } from './chat-stage.ts';
import { endTests, troubleTests } from './trouble-tests.ts';

export function chatTests(given: ChatAgent): void {
  const stage = new ChatStage(given);
  beforeAll(() => stage.start());
  afterAll(() => stage.close());

  describe(`${given.title} as a chat`, () => {
    talkTests(stage, given);
    askingTests(stage, given);
    troubleTests(stage, given);
    given.more?.(stage);
    endTests(stage, given);
  });
}

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
const picture = { name: 'dot.png', media_type: 'image/png', base64: PNG };
const note = { name: 'note.txt', media_type: 'text/plain', base64: Buffer.from('remember the milk').toString('base64') };
const ids = (all: { id: string }[]) => all.map(({ id }) => id);

function talkTests(stage: ChatStage, given: ChatAgent): void {
  it('starts, and tells its version, and its models, modes and commands', async () => {
    const { chat } = stage;
    await chat.becomes('idle');
    const state = await until('it has told of itself', async () => {
      const now = await chat.chat();
      const whole = now.version !== null && now.modes.length > 0 && (given.tells?.models === undefined || now.models.length > 0);
      return whole ? now : null;
    });
    const told = { ...state, models: ids(state.models).sort(), modes: ids(state.modes), commands: ids(state.commands) };
    expect(told).toMatchObject({ version: given.version, version_note: null, ...given.tells });
    expect(told.modes).toContain(state.mode);
    expect((await chat.session()).faces).toEqual(['chat']);
  });

  it('answers, with its thoughts, and its tokens and cost are known', async () => {
    const { chat } = stage;
    await stage.turn('greet');
    expect(await chat.story()).toEqual([GREETING]);
    await stage.turn('think');
    expect(await chat.story()).toEqual([
      expect.stringMatching(given.thought ?? /^thought done: First I look at the request\. Then I answer it\.$/),
      'message done: I have thought about it.',
    ]);
    const { sum, context } = await chat.usage();
    const { cost_usd, ...tokens } = given.turn;
    const both = Object.fromEntries(Object.entries(tokens).map(([kind, count]) => [kind, 2 * count]));
    expect(sum).toMatchObject({ turns: 2, ...both, unpriced_turns: cost_usd === null ? 2 : 0 });
    expect(sum.cost_usd ?? 0).toBeCloseTo(2 * (cost_usd ?? 0) + (given.titleCosts ?? 0), 5);
    if (given.context !== undefined) expect(context).toMatchObject(given.context);
    expect((await chat.session()).agent_session_id).toMatch(given.conversation ?? /\S/);
  });

  it.runIf(given.plan)('keeps a plan', async () => {
    await stage.turn(given.plan?.scenario ?? '');
    expect((await stage.chat.chat()).plan).toEqual(given.plan?.steps);
  });

  it.runIf(given.attaches)('takes a picture and a text file', async () => {
    const { chat, model } = stage;
    await chat.say('SCENARIO:greet', { attachments: [picture, note] });
    await chat.done();
    const asked = (await chat.items()).findLast((item) => item.kind === 'message' && item.role === 'user');
    expect(asked).toMatchObject({ text: 'SCENARIO:greet', attachments: [{ name: 'dot.png' }, { name: 'note.txt' }] });
    expect(model.bodies.at(-1)).toContain(given.attaches?.(PNG));
    expect(model.bodies.at(-1)).toContain('remember the milk');
  });

  it.runIf(given.steers)('takes a prompt while it works, with a picture', async () => {
    const { chat, model } = stage;
    expect((await chat.chat()).can).toMatchObject({ steer: true, images: true });
    await stage.speaking();
    await chat.say('SCENARIO:greet', { priority: 'now', attachments: [picture] });
    // It comes in between two steps of its turn: here after the twenty seconds of words.
    await chat.tells(/Hello from/);
    await chat.becomes('idle');
    expect(model.bodies.at(-1)).toContain(given.attaches?.(PNG));
  });
}
