import type { ChatItem } from '@afield/shared/api/chat.ts';
import type { Prompt } from '@afield/shared/api/prompts.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { AfieldEvent, EventPayloads, EventType } from '@afield/shared/events.ts';
import { signal } from '@preact/signals';
import { beforeEach, describe, expect, it } from 'vitest';
import { chatItems, chatState, itemId, prompt, promptId, SESSION } from '../../test/chat-items.ts';
import { down, ONLINE, scriptedLink, settled } from '../../test/scripted-link.ts';
import { session } from '../../test/sessions.ts';
import { type Chat, ChatModel, deliveryOf, isAnswered } from './chat.ts';
import type { KeptPrompt } from './chat-outbox.ts';
import { ASKED_AT_ONCE } from './chat-queue.ts';

const { agent, notice, tool, user } = chatItems();
const kept = signal<readonly KeptPrompt[]>([]);
let home: ReturnType<typeof scriptedLink>;
let items: ChatItem[];
let queue: Prompt[];
let taken: (prompt: Prompt, sent?: KeptPrompt) => void;
let followed: string[];
let settledIds: string[];
let keptFiles: [string, string][];
let chat: Chat;
let pauses: (() => void)[] = [];

const event = <T extends EventType>(type: T, payload: EventPayloads[T]) => {
  home.event({ type, seq: 1, session_id: SESSION, timestamp: '', payload } as AfieldEvent);
  for (const run of pauses.splice(0)) run();
};
const keys = () => chat.rows.value.map(({ key, kind }) => `${kind} ${key.slice(-1)}`);
const keptPrompt = (n: number): KeptPrompt => ({
  id: promptId(n),
  session_id: SESSION,
  content: `kept ${n}`,
  priority: 'normal',
  attachments: [],
  created_at: '',
  tried: false,
  refused: null,
  withdraw: false,
});

beforeEach(async () => {
  kept.value = [];
  pauses = [];
  items = [user(1, 'Do it'), agent(2, 'Done')];
  queue = [];
  followed = [];
  settledIds = [];
  keptFiles = [];
  home = scriptedLink(ONLINE);
  home.answers.getMessages = () => ({ items, next_cursor: null });
  home.answers.getChat = () => chatState();
  home.answers.getQueue = () => ({ items: queue, next_cursor: null });
  chat = new ChatModel({
    link: home.link,
    session_id: SESSION,
    outbox: {
      kept,
      add: () => true,
      retry: () => undefined,
      take: (id) => kept.peek().find((one) => one.id === id) ?? null,
      onTaken(listener) {
        taken = (prompt, sent = keptPrompt(3)) => listener(prompt, sent);
        return () => true;
      },
      followed: async () => followed,
      settled: (ids) => void settledIds.push(...ids),
    },
    kept: { read: () => '', write: () => undefined },
    files: new Map(),
    given: { get: async () => ({ fault: 'gone' }), keep: (id, base64) => void keptFiles.push([id, base64]) },
    saveFile: () => undefined,
    readFile: () => Promise.reject(new Error('no')),
    later(run) {
      pauses.push(run);
      return () => void pauses.splice(0);
    },
    take: () => undefined,
  });
  await settled();
});

describe('the way of a prompt', () => {
  it('keeps its place and its key from this device to the history', () => {
    kept.value = [keptPrompt(3)];
    expect(keys()).toEqual(['item 1', 'item 2', 'kept 3']);
    const first = chat.rows.value.at(-1)!.key;
    taken(prompt(3, 'kept 3'));
    kept.value = [];
    expect(keys()).toEqual(['item 1', 'item 2', 'prompt 3']);
    event('message.state_changed', { prompt_id: promptId(3), state: 'accepted', reason: null });
    expect(chat.rows.value.at(-1)).toMatchObject({ kind: 'prompt', place: null, prompt: { state: 'accepted' } });
    event('message.complete', { item: user(3, 'kept 3') });
    event('message.state_changed', { prompt_id: promptId(3), state: 'consumed', reason: null });
    expect(keys()).toEqual(['item 1', 'item 2', 'item 3']);
    expect(chat.rows.value.at(-1)!.key).toBe(first);
    expect(deliveryOf(chat, promptId(3))).toEqual({ state: 'consumed', reason: null });
  });

  it('is never shown twice, whatever comes first', () => {
    taken(prompt(3, 'x'));
    kept.value = [keptPrompt(3)];
    event('message.complete', { item: user(3, 'x') });
    expect(keys()).toEqual(['item 1', 'item 2', 'item 3']);
  });

  it('one that is stuck stays, with the reason', () => {
    taken(prompt(3, 'x'));
    event('message.state_changed', { prompt_id: promptId(3), state: 'stuck', reason: 'The budget is used up.' });
    expect(chat.rows.value.at(-1)).toMatchObject({ prompt: { state: 'stuck', reason: 'The budget is used up.' } });
    expect(chat.queue.count.value).toBe(0);
  });

  it('that the agent has it is seen from what it does next, and not before', () => {
    event('message.complete', { item: user(3, 'x') });
    const id = chat.rows.value.at(-1)!.kind === 'item' ? itemId(3) : '';
    expect([isAnswered(chat, itemId(1)), isAnswered(chat, id)]).toEqual([true, false]);
    event('message.complete', { item: notice(4, 'error', 'It did not take it.') });
    expect(isAnswered(chat, id)).toBe(false);
    event('tool.call_start', { item: tool(5, { state: 'running' }) });
    expect(isAnswered(chat, id)).toBe(true);
  });

  it('of another session it is none of ours', () => {
    kept.value = [{ ...keptPrompt(3), session_id: 'other' }];
    expect(keys()).toEqual(['item 1', 'item 2']);
  });
});

describe('the queue', () => {
  it('stands behind the history in its own order, and follows it', () => {
    event('message.queue_changed', { prompts: [prompt(5, 'b'), prompt(4, 'a')] });
    expect(keys().slice(2)).toEqual(['prompt 5', 'prompt 4']);
    event('message.queue_changed', { prompts: [prompt(4, 'a'), prompt(5, 'b')] });
    expect(chat.rows.value.slice(2)).toMatchObject([{ place: 1, prompt: { content: 'a' } }, { place: 2 }]);
  });

  it('is moved by one place, changed, given now and withdrawn', async () => {
    event('message.queue_changed', { prompts: [prompt(4, 'a'), prompt(5, 'b')] });
    const changes: unknown[] = [];
    home.answers.updateQueued = ({ body }) => {
      changes.push(body);
      return prompt(5, 'b');
    };
    home.answers.withdrawQueued = () => prompt(4, 'a', { state: 'withdrawn', reason: 'Taken back by Pixel.' });
    queue = [prompt(5, 'b'), prompt(4, 'a')];
    expect(await chat.queue.move(promptId(5), -1)).toBe(true);
    expect(chat.queue.waiting.value.map(({ content }) => content)).toEqual(['b', 'a']);
    expect(await chat.queue.move(promptId(5), -1)).toBe(false);
    await chat.queue.edit(promptId(5), 'better');
    await chat.queue.now(promptId(5));
    expect(changes).toEqual([{ position: 0 }, { content: 'better' }, { priority: 'now' }]);
    await chat.queue.withdraw(promptId(4));
    expect(keys()).toEqual(['item 1', 'item 2', 'prompt 5']);
  });

  it('what somebody else took back is told', () => {
    event('message.queue_changed', { prompts: [prompt(4, 'a')] });
    event('message.queue_changed', { prompts: [] });
    event('message.state_changed', { prompt_id: promptId(4), state: 'withdrawn', reason: 'Taken back by the desk.' });
    expect(chat.rows.value.at(-1)).toMatchObject({ place: null, prompt: { state: 'withdrawn' } });
  });

  it('a change that comes too late says so', async () => {
    event('message.queue_changed', { prompts: [prompt(4, 'a')] });
    home.answers.updateQueued = () => {
      throw new AfieldError('conflict', 'The agent has it already.');
    };
    expect(await chat.queue.edit(promptId(4), 'x')).toBe(false);
    expect(chat.queue.failure.value?.text).toBe('The agent has it already.');
  });
});

describe('what became of the prompts of this device', () => {
  const now = new Map<number, Partial<Prompt>>();
  const asked = () => home.calls.filter(({ operation }) => operation === 'getPrompt').map(({ sent }) => String(sent.params?.prompt_id));
  const turns = async () => {
    for (let turn = 0; turn < 4; turn += 1) await settled();
  };
  beforeEach(() => {
    now.clear();
    home.answers.getPrompt = ({ params }) => {
      const n = Number(String(params?.prompt_id).slice(-6));
      const known = now.get(n);
      if (known === undefined) throw new AfieldError('prompt_not_found', 'There is no such prompt in this session.');
      return prompt(n, `text ${n}`, known);
    };
  });

  it('is asked after a reload: one that got stuck is told of, one that was taken is done, one that is unknown is let go', async () => {
    followed = [promptId(5), promptId(6), promptId(7)];
    now.set(5, { state: 'stuck', reason: 'The session ended.' });
    now.set(6, { state: 'consumed' });
    await chat.reload();
    await turns();
    expect(chat.rows.value.at(-1)).toMatchObject({
      kind: 'prompt',
      place: null,
      prompt: { content: 'text 5', reason: 'The session ended.' },
    });
    expect(keys()).toEqual(['item 1', 'item 2', 'prompt 5']);
    expect(settledIds.toSorted()).toEqual([promptId(6), promptId(7)]);
  });

  it('is asked of one in the history too: that others followed it does not mean that it was taken', async () => {
    followed = [promptId(1)];
    now.set(1, { state: 'stuck', reason: 'Its agent was gone.' });
    await chat.reload();
    await turns();
    expect(deliveryOf(chat, promptId(1))).toEqual({ state: 'stuck', reason: 'Its agent was gone.' });
    expect(keys()).toEqual(['item 1', 'item 2']);
  });

  it('is not asked of those that wait; a few at a time', async () => {
    followed = Array.from({ length: 12 }, (_, n) => promptId(n + 10));
    queue = [prompt(10, 'waits')];
    const open: (() => void)[] = [];
    home.answers.getPrompt = () => new Promise((resolve) => open.push(() => resolve(prompt(90, 'x', { state: 'consumed' }))));
    const loading = chat.reload();
    await turns();
    expect(asked()).toHaveLength(ASKED_AT_ONCE);
    for (let count = 0; count < 11; count += 1) {
      open[count]?.();
      await turns();
    }
    await loading;
    expect(new Set(asked())).toEqual(new Set(followed.slice(1)));
  });

  it('after a gap is asked of what was seen on its way', async () => {
    taken(prompt(3, 'x', { state: 'accepted' }));
    now.set(3, { state: 'consumed' });
    home.gap(99);
    await turns();
    expect(deliveryOf(chat, promptId(3))).toMatchObject({ state: 'consumed' });
    expect(keys()).toEqual(['item 1', 'item 2']);
  });

  it('one that got stuck goes when it was read, and may come back into the field', async () => {
    taken(prompt(3, 'once more', { state: 'stuck', reason: 'No.' }));
    const [row] = chat.rows.value.slice(-1);
    if (row?.kind === 'prompt') chat.dismiss(row.prompt, 'edit');
    expect(keys()).toEqual(['item 1', 'item 2']);
    expect(chat.composer.text.value).toBe('once more');
    expect(settledIds).toEqual([promptId(3)]);
  });

  it('one that got stuck before the history that is here begins stands where it was', async () => {
    items = [user(61, 'later'), agent(62, 'yes')];
    home.answers.getMessages = () => ({ items, next_cursor: 'older' });
    taken(prompt(9, 'long ago', { state: 'stuck' }));
    taken(prompt(63, 'now', { state: 'stuck' }));
    await chat.reload();
    await turns();
    expect(keys()).toEqual(['item 1', 'item 2', 'prompt 3']);
  });

  it('files that were given here are kept for the history', () => {
    const attachments = [{ id: 'at-home', name: 'a.png', media_type: 'image/png', size_bytes: 3 }];
    taken(prompt(3, 'look', { attachments }), {
      ...keptPrompt(3),
      attachments: [{ name: 'a.png', media_type: 'image/png', base64: 'AAAA' }],
    });
    expect(keptFiles).toEqual([['at-home', 'AAAA']]);
  });
});

describe('the line', () => {
  it('after a return everything is asked for anew and put together', async () => {
    home.state(down('relay_down'));
    items = [...items, agent(3, 'meanwhile')];
    queue = [prompt(4, 'a')];
    home.state(ONLINE);
    await settled();
    expect(keys()).toEqual(['item 1', 'item 2', 'item 3', 'prompt 4']);
  });

  it('a gap in the events brings the newest page', async () => {
    items = [...items, agent(3, 'in the gap')];
    home.gap(99);
    await settled();
    expect(keys()).toEqual(['item 1', 'item 2', 'item 3']);
  });

  it('a session without more than its messages is shown all the same', async () => {
    delete home.answers.getChat;
    delete home.answers.getQueue;
    await chat.reload();
    expect(chat.error.value).toBeNull();
    expect(keys()).toEqual(['item 1', 'item 2']);
  });
});

describe('what can be done', () => {
  it('the tool that works now is known', () => {
    event('tool.call_start', { item: tool(3, { state: 'running', title: 'npm ci' }) });
    expect(chat.tool.value).toMatchObject({ title: 'npm ci' });
    event('tool.call_complete', { item: tool(3, { state: 'done', title: 'npm ci', updated_at: '2027-01-01T00:00:00Z' }) });
    expect(chat.tool.value).toBeNull();
  });

  it('a stop that does not reach home is no stop', async () => {
    await chat.stop();
    expect(chat.stopping.value).toBe(false);
    expect(chat.failure.value).not.toBeNull();
  });

  it('an agent that does not stop is said to, until it does', async () => {
    home.answers.cancelSession = () => session({ name: 'x', minutes: 1 });
    await chat.stop();
    expect([chat.stopping.value, chat.unheard.value]).toEqual([true, false]);
    for (const run of pauses.splice(0)) run();
    expect([chat.stopping.value, chat.unheard.value]).toEqual([false, true]);
    chat.stopped();
    expect(chat.unheard.value).toBe(false);
  });

  it('a fork gives the new session', async () => {
    const made = session({ name: 'Fork', minutes: 0 });
    home.answers.forkSession = () => made;
    expect(await chat.fork()).toBe(made.id);
    delete home.answers.forkSession;
    expect(await chat.fork()).toBeNull();
  });

  it('modes, models and commands follow the agent', () => {
    event('session.chat_changed', { chat: chatState({ mode: 'plan', commands: [] }) });
    expect(chat.state.value).toMatchObject({ mode: 'plan', commands: [] });
  });
});
