/** Prompts of a chat: stored before anything starts, one at a time, in an order that can be changed, with files, within a budget. */
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { AfieldError } from '@afield/shared/errors.ts';
import { eventually } from '@afield/shared/until.ts';
import { uuidv7 } from 'uuidv7';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { failure, openTalk, type Talk } from '../../chat-kit.ts';
import { type HouseOptions, script } from '../../sessions-kit.ts';
import type { UsageVerdict } from '../chat-service.ts';
import { manualClock } from '../manual-clock.ts';

let talk: Talk;
const open = async (options: HouseOptions = {}) => {
  await talk?.house.close();
  talk = openTalk(options);
};
beforeEach(() => {
  talk = openTalk();
});
afterEach(() => talk.house.close());
const busy = async () => {
  const { id } = await talk.begin({ prompt: 'first' });
  await talk.given(1);
  talk.chat.agent.say({ type: 'running' });
  return id;
};
const queue = (id: string) => talk.house.sessions.queue(id).map(({ content }) => content);
const contents = () => talk.chat.agent.prompts.map(({ content }) => content);

describe('the queue', () => {
  it('holds what comes while the agent works, and gives it one by one', async () => {
    const id = await busy();
    await talk.prompt(id, 'second');
    await talk.prompt(id, 'third');
    expect(queue(id)).toEqual(['second', 'third']);
    expect(talk.told('message.queue_changed').at(-1)?.prompts).toMatchObject([{ content: 'second' }, { content: 'third' }]);
    talk.chat.agent.answerWith('one');
    await talk.given(2);
    expect(queue(id)).toEqual(['third']);
    expect(talk.told('message.queue_changed').at(-1)?.prompts).toMatchObject([{ content: 'third' }]);
    talk.chat.agent.answerWith('two');
    await talk.given(3);
    expect(contents()).toEqual(['first', 'second', 'third']);
    expect(talk.items(id).map((item) => 'text' in item && item.text)).toEqual(['first', 'one', 'second', 'two', 'third']);
  });

  it('is edited, reordered, and taken back from, until the agent has it', async () => {
    const id = await busy();
    const { sessions } = talk.house;
    const [a, b, c] = [await talk.prompt(id, 'a'), await talk.prompt(id, 'b'), await talk.prompt(id, 'c')];
    await sessions.updateQueued(id, c.id, { position: 0 });
    expect(queue(id)).toEqual(['c', 'a', 'b']);
    await sessions.updateQueued(id, c.id, { position: 1 });
    await sessions.updateQueued(id, b.id, { content: 'B', position: 0 });
    expect(queue(id)).toEqual(['B', 'a', 'c']);
    await sessions.updateQueued(id, b.id, { position: 999 });
    for (let i = 0; i < 80; i++) await sessions.updateQueued(id, [a, b, c][i % 3]!.id, { position: 1 });
    await sessions.updateQueued(id, a.id, { position: 0 });
    expect(queue(id)[0]).toBe('a');
    expect(new Set(queue(id))).toEqual(new Set(['a', 'B', 'c']));
    expect((await failure(() => sessions.updateQueued(id, b.id, { content: ' \n' }))).code).toBe('bad_request');
    expect(await sessions.withdraw(id, b.id, 'Pixel')).toMatchObject({ state: 'withdrawn', reason: 'Taken back by Pixel.' });
    expect(await sessions.withdraw(id, b.id, 'Pixel')).toMatchObject({ state: 'withdrawn' });
    expect(await sessions.withdraw(id, c.id, 'Pixel')).toMatchObject({ state: 'withdrawn' });
    talk.chat.agent.answerWith('one');
    await talk.given(2);
    expect(contents()).toEqual(['first', 'a']);
    expect((await failure(() => sessions.withdraw(id, a.id, 'Pixel'))).code).toBe('conflict');
    expect((await failure(() => sessions.updateQueued(id, a.id, { content: 'x' }))).code).toBe('conflict');
    expect((await failure(() => sessions.withdraw(id, uuidv7(), 'Pixel'))).code).toBe('prompt_not_found');
    expect(talk.states(b.id)).toEqual(['home', 'withdrawn']);
  });

  it('"now" goes before everything that waits, and into the turn where the agent can', async () => {
    const id = await busy();
    const { sessions } = talk.house;
    await talk.prompt(id, 'a');
    await talk.prompt(id, 'b', { priority: 'now' });
    expect(queue(id)).toEqual(['b', 'a']);
    const [, a] = sessions.queue(id);
    expect((await failure(() => sessions.updateQueued(id, a!.id, { priority: 'now' }))).code).toBe('not_supported');
    talk.chat.agent.say({ type: 'abilities', can: { steer: true } });
    await talk.prompt(id, 'steered', { priority: 'now' });
    expect((await talk.given(2)).content).toBe('steered');
    expect(talk.get(id).status).toBe('busy');
    await sessions.updateQueued(id, a!.id, { priority: 'now' });
    expect((await talk.given(3)).content).toBe('a');
    expect(queue(id)).toEqual(['b']);
  });

  it('works for a session behind a terminal too, but takes no files there', async () => {
    const line = 'echo wait; until [ -e go ]; do sleep 0.1; done; clear; echo ready; cat';
    const states = [{ status: 'busy' as const, screen: 'wait' }];
    await open({ agents: { slow: { ...script(line), states } } });
    const { id } = await talk.house.sessions.create({ agent: 'slow' });
    await talk.becomes(id, 'busy');
    const { sessions } = talk.house;
    const [a, b] = [await talk.prompt(id, 'one'), await talk.prompt(id, 'two')];
    expect(queue(id)).toEqual(['one', 'two']);
    await sessions.updateQueued(id, b.id, { position: 0, content: 'TWO' });
    await sessions.withdraw(id, a.id, 'me');
    expect(queue(id)).toEqual(['TWO']);
    writeFileSync(`${talk.house.folder}/go`, '');
    await eventually(async () => (await sessions.output(id, 'text', 0)).screen.includes('TWO'));
    await eventually(() => talk.told('message.queue_changed').at(-1)?.prompts.length === 0);
    expect((await sessions.output(id, 'text', 0)).screen).not.toContain('one');
    const file = { name: 'a.png', media_type: 'image/png', base64: 'AAAA' };
    expect((await failure(() => talk.prompt(id, 'look', { attachments: [file] }))).code).toBe('not_supported');
  });
});

describe('a prompt', () => {
  it('is one however often it is sent, and never another text under the same id', async () => {
    const { id } = await talk.begin();
    const prompt = { id: uuidv7(), content: 'once' };
    const answers = await Promise.all([talk.house.sessions.prompt(id, prompt), talk.house.sessions.prompt(id, prompt)]);
    expect(answers.map((one) => one.id)).toEqual([prompt.id, prompt.id]);
    await talk.given(1);
    await talk.house.sessions.prompt(id, prompt);
    expect(contents()).toEqual(['once']);
    expect((await failure(() => talk.house.sessions.prompt(id, { ...prompt, content: 'other' }))).code).toBe('conflict');
  });

  it('that the agent refuses is stuck with its reason, and the session idle', async () => {
    const { id } = await talk.begin();
    talk.chat.agent.takes = false;
    const prompt = await talk.prompt(id, 'no');
    (await talk.given(1)).refuse(new AfieldError('unavailable', 'It is logged out.'));
    await talk.becomes(id, 'idle');
    expect(talk.states(prompt.id)).toEqual(['home', 'accepted', 'stuck']);
    expect(talk.items(id).at(-1)).toMatchObject({ kind: 'notice', level: 'error', text: expect.stringContaining('It is logged out.') });
    const next = await talk.prompt(id, 'yes');
    (await talk.given(2)).take();
    await eventually(() => talk.states(next.id).at(-1) === 'consumed');
  });

  it('that nobody confirms is taken when the turn ends, and stuck when the agent dies first', async () => {
    const { id } = await talk.begin();
    talk.chat.agent.takes = false;
    const first = await talk.prompt(id, 'one');
    await talk.given(1);
    talk.chat.agent.answerWith('done');
    expect(talk.states(first.id)).toEqual(['home', 'accepted', 'consumed']);
    const second = await talk.prompt(id, 'two');
    await talk.given(2);
    const third = await talk.prompt(id, 'three');
    talk.chat.agent.exit({ code: 1 });
    await talk.becomes(id, 'failed');
    expect([talk.states(second.id).at(-1), talk.states(third.id).at(-1)]).toEqual(['stuck', 'stuck']);
  });

  it('waits no longer than two seconds for a look at the directory, and is given without one', async () => {
    const clock = manualClock();
    let looks = 0;
    await open({ deps: { clock, snapshots: { take: async () => (++looks === 2 ? new Promise(() => {}) : `tree ${looks}`) } } });
    const { id } = await talk.begin();
    expect(talk.house.store.sessions.get(id)?.start_tree).toBe('tree 1');
    const slow = await talk.prompt(id, 'slow');
    await vi.waitFor(() => expect(looks).toBe(2));
    expect(contents()).toEqual([]);
    clock.advance(2_001);
    await talk.given(1);
    expect(talk.house.store.prompts.get(slow.id)?.tree).toBeNull();
    talk.chat.agent.answerWith('ok');
    const next = await talk.prompt(id, 'next');
    await talk.given(2);
    expect(talk.house.store.prompts.get(next.id)?.tree).toBe('tree 3');
  });

  it('that is taken back during that look is not given', async () => {
    const looks = Promise.withResolvers<string>();
    let taken = 0;
    await open({ deps: { snapshots: { take: async () => (++taken === 1 ? null : looks.promise) } } });
    const { id } = await talk.begin();
    const prompt = await talk.prompt(id, 'no');
    await eventually(() => taken === 2);
    await talk.house.sessions.withdraw(id, prompt.id, 'me');
    const other = await talk.prompt(id, 'yes');
    looks.resolve('tree');
    await talk.given(1);
    expect(contents()).toEqual(['yes']);
    expect(talk.states(other.id)).toEqual(['home', 'accepted', 'consumed']);
  });
});

describe('files', () => {
  const image = { name: '../../etc/passwd.png', media_type: 'image/png', base64: Buffer.from('a picture').toString('base64') };

  it('are kept under a name of ours, given to the agent, listed with the prompt, and read back', async () => {
    const { id } = await talk.begin();
    const prompt = await talk.prompt(id, 'look', { attachments: [image] });
    expect(prompt.attachments).toMatchObject([{ name: image.name, media_type: 'image/png', size_bytes: 9 }]);
    const [given] = (await talk.given(1)).files;
    expect(given).toMatchObject({ name: image.name, media_type: 'image/png' });
    expect(given!.bytes.toString()).toBe('a picture');
    const folder = `${talk.house.folder}/recordings/${id}/attachments`;
    expect(readdirSync(folder)).toEqual([prompt.attachments[0]!.id]);
    expect([statSync(folder).mode & 0o777, statSync(given!.path).mode & 0o777]).toEqual([0o700, 0o600]);
    expect(talk.items(id)[0]).toMatchObject({ role: 'user', attachments: prompt.attachments });
    expect(Buffer.from(await talk.house.sessions.attachment(id, prompt.attachments[0]!.id)).toString()).toBe('a picture');
    for (const wrong of [uuidv7(), '../chat.json']) {
      expect((await failure(() => talk.house.sessions.attachment(id, wrong))).code).toBe('not_found');
    }
  });

  it('that the agent does not take, or that are too large, are refused before anything is stored', async () => {
    const { id } = await talk.begin();
    const text = { name: 'a.txt', media_type: 'text/plain', base64: 'AAAA' };
    const prompt = { id: uuidv7(), content: 'read' };
    expect((await failure(() => talk.house.sessions.prompt(id, { ...prompt, attachments: [image, text] }))).code).toBe('not_supported');
    const large = { ...image, base64: Buffer.alloc(5 * 1024 * 1024 + 1).toString('base64') };
    expect((await failure(() => talk.house.sessions.prompt(id, { ...prompt, attachments: [large] }))).code).toBe('too_large');
    expect(talk.house.store.prompts.get(prompt.id)).toBeNull();
    expect(() => readdirSync(`${talk.house.folder}/recordings/${id}/attachments`)).toThrow();
  });
});

describe('a budget', () => {
  let verdict: UsageVerdict;
  const usage = { report: () => verdict, verdict: () => verdict, context: () => {}, changed: () => {} };
  const used = { turn_id: 't', model: 'm', input_tokens: 1, cached_tokens: 0, output_tokens: 1, cost_usd: 1 };
  beforeEach(async () => {
    verdict = { state: 'within', cost_usd: 0 };
    await open({ deps: { usage } });
  });

  it('that is nearly used up is said, and one that is ends the turn and holds what waits', async () => {
    const id = await busy();
    verdict = { state: 'near', cost_usd: 0.9 };
    talk.chat.agent.say({ type: 'usage', usage: used }, { type: 'usage', usage: used });
    expect(talk.items(id).filter((item) => item.kind === 'notice')).toHaveLength(1);
    expect(talk.get(id)).toMatchObject({ status: 'busy', cost_usd: 0.9 });
    const waits = await talk.prompt(id, 'more');
    const reason = 'The budget of 1 USD is used up. Raise it to go on.';
    verdict = { state: 'reached', cost_usd: 1.1, reason };
    talk.chat.agent.say({ type: 'usage', usage: used });
    expect(talk.chat.agent.cancels).toBe(1);
    expect(talk.get(id)).toMatchObject({ status: 'idle', status_reason: reason, cost_usd: 1.1 });
    await eventually(() => talk.house.sessions.queue(id)[0]?.reason === reason);
    expect(talk.told('message.state_changed').at(-1)).toMatchObject({ prompt_id: waits.id, state: 'home', reason });
    expect(contents()).toEqual(['first']);
    verdict = { state: 'within', cost_usd: 1.1 };
    await talk.house.sessions.update(id, { budget_usd: 5 });
    expect((await talk.given(2)).content).toBe('more');
  });

  it('of the day holds what waits for an agent that does not run, and lets it go when the day is over', async () => {
    const clock = manualClock();
    await open({ deps: { usage, clock } });
    const { id } = await talk.begin();
    await talk.house.stop();
    verdict = { state: 'reached', cost_usd: 9, reason: 'The budget of today is used up.' };
    const { folder } = talk.house;
    talk = openTalk({ chat: talk.chat, folder, deps: { usage, clock } });
    const prompt = await talk.prompt(id, 'tomorrow');
    expect(talk.house.store.prompts.get(prompt.id)).toMatchObject({ state: 'home', reason: 'The budget of today is used up.' });
    clock.advance(60_001);
    expect(talk.chat.agents).toHaveLength(1);
    verdict = { state: 'within', cost_usd: 9 };
    clock.advance(60_001);
    await eventually(() => talk.chat.agents.length === 2);
    expect((await talk.given(1)).content).toBe('tomorrow');
  });
});
