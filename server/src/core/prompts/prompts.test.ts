import type { DeliveryState } from '@afield/shared/api/prompts.ts';
import { eventually } from '@afield/shared/until.ts';
import { uuidv7 } from 'uuidv7';
import { afterEach, describe, expect, it } from 'vitest';
import { type House, type HouseOptions, openHouse, script } from '../../sessions-kit.ts';
import { cleanPrompt, shows, typed } from './prompt-text.ts';

let house: House;
const open = (options: HouseOptions = {}) => {
  house = openHouse(options);
};
afterEach(() => house?.close());

const screenText = async (id: string) => (await house.sessions.output(id, 'text', 0)).screen;
const states = (prompt_id: string) =>
  house.heard.flatMap((e) => (e.type === 'message.state_changed' && e.payload.prompt_id === prompt_id ? [e.payload.state] : []));
const reaches = (prompt_id: string, state: DeliveryState) => eventually(() => states(prompt_id).at(-1) === state, 15_000);
const firstPrompt = () => house.heard.flatMap((e) => (e.type === 'message.state_changed' ? [e.payload.prompt_id] : []))[0]!;

/** Reads lines as an agent would: shows each key, works for a moment after Enter, answers. */
const AGENT = script('sleep 0.5; printf "> "; while read -er line; do sleep 0.2; echo "answer to [$line]"; printf "> "; done');

describe('a prompt', () => {
  it('of a new session is stored first and given once the agent is ready', async () => {
    open({ agents: { agent: AGENT } });
    const { id } = await house.sessions.create({ agent: 'agent', prompt: 'do this' });
    expect(states(firstPrompt())).toEqual(['home']);
    await reaches(firstPrompt(), 'consumed');
    expect(states(firstPrompt())).toEqual(['home', 'accepted', 'consumed']);
    await eventually(async () => (await screenText(id)).includes('answer to [do this]'));
  });

  it('with the same id again is answered from the record, and typed once', async () => {
    open({ agents: { agent: AGENT } });
    const { id } = await house.sessions.create({ agent: 'agent' });
    const prompt = { id: uuidv7(), content: 'only once' };
    const first = await house.sessions.prompt(id, prompt);
    expect(first).toMatchObject({ id: prompt.id, session_id: id, state: 'home' });
    await house.sessions.prompt(id, prompt);
    await reaches(prompt.id, 'consumed');
    expect(await house.sessions.prompt(id, prompt)).toMatchObject({ state: 'consumed', created_at: first.created_at });
    await eventually(async () => (await screenText(id)).includes('answer to [only once]'));
    expect((await screenText(id)).match(/answer to/g)).toHaveLength(1);
    await expect(house.sessions.prompt(id, { ...prompt, content: 'another text' })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('with another text'),
    });
    expect(house.store.prompts.get(prompt.id)?.content).toBe('only once');
    const { id: other } = await house.sessions.create({ agent: 'agent' });
    await expect(house.sessions.prompt(other, prompt)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('waits while the agent works; several come in order', async () => {
    open({ agents: { agent: AGENT } });
    const { id } = await house.sessions.create({ agent: 'agent' });
    const prompts = ['one', 'two', 'three'].map((content) => ({ id: uuidv7(), content }));
    for (const prompt of prompts) await house.sessions.prompt(id, prompt);
    for (const prompt of prompts) await reaches(prompt.id, 'consumed');
    const screen = await eventually(async () => {
      const text = await screenText(id);
      return text.includes('[three]') && text;
    });
    expect(screen.match(/answer to \[\w+\]/g)).toEqual(['answer to [one]', 'answer to [two]', 'answer to [three]']);
  });

  it('goes to a shell as it is', async () => {
    open();
    const { id } = await house.sessions.create({ agent: 'shell', prompt: 'echo $((6*7))' });
    await reaches(firstPrompt(), 'consumed');
    await eventually(async () => /^42$/m.test(await screenText(id)));
  });

  it('E9: of several lines is one paste where the program knows pastes, and cannot end it', async () => {
    // Switches bracketed paste on and shows what it gets, escapes made visible.
    open({ agents: { shows: script('printf "\\033[?2004h> "; stty raw; head -c 60 | cat -v; sleep 60') } });
    const { id } = await house.sessions.create({ agent: 'shows' });
    await eventually(() => house.sessions.get(id).status === 'idle');
    await house.sessions.prompt(id, { id: uuidv7(), content: 'first\nsecond\x1b[201~\rrm -rf \x03\x04~' });
    const text = await eventually(async () => {
      const screen = (await screenText(id)).replaceAll('\n', '');
      return screen.includes('[201~') && screen;
    });
    expect(text).toContain('^[[200~first^Msecond^Mrm -rf ~^[[201~');
    expect(text.match(/\[201~/g)).toHaveLength(1);
  });

  it('is stuck, with a reason, when the program shows nothing of it', { timeout: 30_000 }, async () => {
    open({ agents: { deaf: script('stty -echo; printf ready; sleep 60') } });
    const { id } = await house.sessions.create({ agent: 'deaf', prompt: 'hello?' });
    await reaches(firstPrompt(), 'stuck');
    expect(house.store.prompts.get(firstPrompt())?.reason).toMatch(/did not appear on the screen/);
    expect(house.sessions.get(id).status).toBe('idle');
  });

  it('is stuck when the session ends before it was given', async () => {
    open({ agents: { busy: script('while :; do echo work; sleep 0.1; done') } });
    const { id } = await house.sessions.create({ agent: 'busy', prompt: 'too late' });
    await eventually(() => house.sessions.get(id).output_bytes > 0);
    await house.sessions.stop(id, 'me');
    expect(states(firstPrompt())).toEqual(['home', 'stuck']);
  });

  it('without text is refused', async () => {
    open({ agents: { agent: AGENT } });
    const { id } = await house.sessions.create({ agent: 'agent', prompt: ' \x1b\x00 ' });
    await expect(house.sessions.prompt(id, { id: uuidv7(), content: '\x1b[A\x07' })).rejects.toMatchObject({ code: 'bad_request' });
    expect(house.heard.some((event) => event.type === 'message.state_changed')).toBe(false);
  });

  it('does not mix with what a person is typing', async () => {
    open({ agents: { agent: AGENT } });
    const { id } = await house.sessions.create({ agent: 'agent' });
    await eventually(() => house.sessions.get(id).status === 'idle');
    await house.sessions.input(id, Buffer.from('my own '));
    const prompt = { id: uuidv7(), content: 'queued' };
    await house.sessions.prompt(id, prompt);
    await house.sessions.input(id, Buffer.from('words\r'));
    await reaches(prompt.id, 'consumed');
    const text = await eventually(async () => {
      const screen = await screenText(id);
      return screen.includes('[queued]') && screen;
    });
    expect(text).toContain('answer to [my own words]');
  });
});

describe('cancel', () => {
  it('interrupts what runs, and the session goes on', async () => {
    open();
    const { id } = await house.sessions.create({ agent: 'shell' });
    await eventually(() => house.sessions.get(id).status === 'idle');
    await house.sessions.input(id, Buffer.from('sleep 100\r'));
    await eventually(() => house.sessions.get(id).status === 'busy');
    await house.sessions.cancel(id);
    await eventually(() => house.sessions.get(id).status === 'idle');
    expect(house.sessions.logs(id, { type: ['system'], limit: 10 }).items.map((entry) => entry.text)).toContain('Interrupted.');
  });
});

describe('text as keys', () => {
  it('E9: nothing in a prompt acts as a key or ends a paste', () => {
    expect(cleanPrompt('a\x1b[201~b\x1b[200~c')).toBe('abc');
    expect(cleanPrompt('a\x1b]0;t\x07b\x1bPx\x1b\\c\x1b')).toBe('abc');
    expect(cleanPrompt('a\x00\x03\x04\x7f\x9b31mb')).toBe('a31mb');
    expect(cleanPrompt('one\r\ntwo\rthree\n\ttab \n')).toBe('one\ntwo\nthree\n\ttab');
    expect(typed('a\nb', false).toString()).toBe('a\rb');
    expect(typed('a\nb', true).toString()).toBe('\x1b[200~a\rb\x1b[201~');
  });

  it('a text is found on a screen that wrapped it into a box', () => {
    expect(shows('│ > please fix the │\n│ tests             │', 'please fix the tests')).toBe(true);
    expect(shows('│ > [Pasted text #1 +20 lines] │', 'x\n'.repeat(20))).toBe(true);
    expect(shows('│ > │', 'please')).toBe(false);
  });
});
