import type { ChatItem } from '@afield/shared/api/chat.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import type { AfieldError } from '@afield/shared/errors.ts';
import type { EventPayloads, EventType } from '@afield/shared/events.ts';
import { uuidv7 } from 'uuidv7';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually, type House, type HouseOptions, openHouse } from '../../sessions-kit.ts';
import { ScriptedRuntime } from './scripted-runtime.ts';

let house: House;
let chat: ScriptedRuntime;
const open = (options: HouseOptions = {}) => {
  house = openHouse({ chat, ...options });
};
beforeEach(() => {
  chat = new ScriptedRuntime();
  open();
});
afterEach(() => house.close());

const begin = (input = {}) => house.sessions.create({ agent: 'speaker', face: 'chat', ...input });
const becomes = (id: string, status: Session['status']) =>
  eventually(() => {
    const session = house.sessions.get(id);
    return session.status === status && session;
  });
const items = (id: string): ChatItem[] => house.sessions.messages(id, { limit: 100 }).items;
const told = <T extends EventType>(type: T): EventPayloads[T][] =>
  house.heard.filter((event) => event.type === type).map((event) => event.payload as EventPayloads[T]);
const failure = async (run: () => unknown): Promise<AfieldError> => {
  try {
    await run();
  } catch (error) {
    return error as AfieldError;
  }
  throw new Error('it did not fail');
};
const ask = (id: string, content: string, more = {}) => house.sessions.prompt(id, { id: uuidv7(), content, ...more });

describe('a chat', () => {
  it('starts, is given a prompt, streams its answer and is idle again', async () => {
    const { id } = await begin({ model: 'large' });
    expect(house.sessions.get(id)).toMatchObject({ faces: ['chat'], runtime: 'scripted', status: 'idle', agent_session_id: 'agent-1' });
    expect(chat.agent.started).toMatchObject({ model: 'large', mode: 'asks', resume: null, fork: false });
    const prompt = await ask(id, 'hello');
    expect(prompt.state).toBe('home');
    await eventually(() => chat.agent.prompts.length === 1);
    expect(house.sessions.get(id).status).toBe('busy');
    chat.agent.say({ type: 'running' }, { type: 'text', key: 'a', role: 'agent', text: 'Hi' });
    expect(told('message.start').at(-1)?.item).toMatchObject({ kind: 'message', role: 'agent', state: 'open', text: 'Hi' });
    chat.agent.say({ type: 'text', key: 'a', role: 'agent', text: ' there' });
    await eventually(() => told('message.chunk').length === 1);
    expect(told('message.chunk')[0]).toMatchObject({ at: 2, text: ' there' });
    expect(items(id).at(-1)).toMatchObject({ text: 'Hi there', state: 'open' });
    chat.agent.say({ type: 'text_done', key: 'a', role: 'agent' }, { type: 'idle', stop: 'done' });
    expect(house.sessions.get(id)).toMatchObject({ status: 'idle', status_reason: null });
    expect(items(id)).toMatchObject([
      { kind: 'message', role: 'user', text: 'hello', prompt_id: prompt.id, state: 'done' },
      { kind: 'message', role: 'agent', text: 'Hi there', state: 'done' },
    ]);
    expect(told('message.state_changed').map(({ state }) => state)).toEqual(['home', 'accepted', 'consumed']);
    expect(house.store.chat.open(id)).toEqual([]);
  });

  it('is stopped by a device with a name', async () => {
    const { id } = await begin({ prompt: 'go' });
    await becomes(id, 'busy');
    expect(await house.sessions.stop(id, 'Pixel')).toMatchObject({ status: 'cancelled', status_reason: 'Stopped by Pixel.' });
    expect((await failure(() => ask(id, 'more'))).code).toBe('session_ended');
  });
});
