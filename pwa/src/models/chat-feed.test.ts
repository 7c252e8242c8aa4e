import type { ChatItem } from '@afield/shared/api/chat.ts';
import type { AfieldEvent, EventPayloads, EventType } from '@afield/shared/events.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { chatItems, itemId, SESSION } from '../../test/chat-items.ts';
import { scriptedLink, settled } from '../../test/scripted-link.ts';
import { type ChatFeed, createChatFeed, MAX_ITEMS } from './chat-feed.ts';

const { agent, tool, user } = chatItems();

let home: ReturnType<typeof scriptedLink>;
let stored: ChatItem[];
let feed: ChatFeed;

/** As home does it: the newest page first, each page in order. */
function page({ cursor, limit = 50 }: { cursor?: string; limit?: number }) {
  const end = cursor === undefined ? stored.length : Number(cursor);
  const start = Math.max(0, end - limit);
  return { items: stored.slice(start, end), next_cursor: start === 0 ? null : String(start) };
}

beforeEach(() => {
  home = scriptedLink();
  stored = [];
  home.answers.getMessages = ({ query }) => page(query as { cursor?: string; limit?: number });
  home.answers.getMessage = ({ params }) => stored.find((item) => item.id === params?.item_id);
  feed = createChatFeed({
    link: home.link,
    session_id: SESSION,
    later: () => () => undefined,
  });
});

const event = <T extends EventType>(type: T, payload: EventPayloads[T]) =>
  feed.onEvent({ type, seq: 1, session_id: SESSION, timestamp: '', payload } as AfieldEvent);
const chunk = (n: number, at: number, text: string) => event('message.chunk', { item_id: itemId(n), at, text });
const shown = () => feed.order.value.map((id) => Number(id.slice(-6)));
const text = (n: number) => (feed.item(itemId(n))?.value as { text?: string } | undefined)?.text;
const asked = () => home.calls.filter(({ operation }) => operation === 'getMessage').length;

describe('pages', () => {
  beforeEach(() => {
    stored = Array.from({ length: 1000 }, (_, n) => user(n + 1, `turn ${n + 1}`));
  });

  it('a session of 1,000 turns opens with one request at its tail', async () => {
    await feed.load();
    expect(home.calls).toHaveLength(1);
    expect(shown().at(-1)).toBe(1000);
    expect(shown().length).toBeLessThan(100);
    expect(feed.more.value).toBe(true);
  });

  it('older ones come in front, without a hole and without a double', async () => {
    await feed.load();
    await feed.loadOlder();
    await feed.loadOlder();
    const numbers = shown();
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => 1001 - numbers.length + index));
    expect(numbers.length).toBeGreaterThan(150);
  });

  it('so many are kept: who reads far back leaves the newest, and comes back to them', async () => {
    await feed.load();
    while (!feed.behind.value) await feed.loadOlder();
    expect(shown()).toHaveLength(MAX_ITEMS);
    event('message.complete', { item: agent(1001, 'news') });
    expect(shown()).not.toContain(1001);
    expect(feed.arrived.value).toBe(1);
    stored.push(agent(1001, 'news'));
    await feed.load();
    expect(shown().at(-1)).toBe(1001);
    expect(feed.behind.value).toBe(false);
    await feed.loadOlder();
    expect(new Set(shown()).size).toBe(shown().length);
  });

  it('the end of the history is known', async () => {
    stored = stored.slice(0, 3);
    await feed.load();
    expect(feed.more.value).toBe(false);
    await feed.loadOlder();
    expect(home.calls).toHaveLength(1);
  });

  it('a chat that is left open for days stays within bounds', async () => {
    await feed.load();
    for (let n = 1001; n <= 1001 + MAX_ITEMS * 3; n += 1) {
      const item = agent(n, `more ${n}`);
      stored.push(item);
      event('message.complete', { item });
      if (n % 100 === 0) await settled();
      expect(feed.order.value.length).toBeLessThanOrEqual(MAX_ITEMS * 2 + 1);
    }
    await settled();
    expect(shown().at(-1)).toBe(1001 + MAX_ITEMS * 3);
  });
});

describe('text that streams', () => {
  beforeEach(async () => {
    stored = [agent(1, 'Hello', { state: 'open' })];
    await feed.load();
  });

  it('is put behind what stands there, piece by piece', () => {
    chunk(1, 5, ',');
    chunk(1, 6, ' you');
    expect(text(1)).toBe('Hello, you');
    expect(asked()).toBe(0);
  });

  it('a piece that does not fit is not shown: the item is asked for anew, once', async () => {
    stored = [agent(1, 'Hello, dear reader', { state: 'open' })];
    chunk(1, 12, 'reader');
    chunk(1, 18, '!');
    expect(text(1)).toBe('Hello');
    await settled();
    expect(text(1)).toBe('Hello, dear reader!');
    expect(asked()).toBe(1);
  });

  it('pieces that are in the answer already are not shown twice', async () => {
    stored = [agent(1, 'Hello, you', { state: 'open' })];
    chunk(1, 6, ' you');
    await settled();
    chunk(1, 6, ' you');
    expect(text(1)).toBe('Hello, you');
    expect(asked()).toBe(1);
  });

  it('the whole text replaces what came in pieces, and late pieces change nothing', () => {
    chunk(1, 5, ', yuo');
    event('message.complete', { item: agent(1, 'Hello, you.', { updated_at: '2027-01-01T00:00:00Z' }) });
    expect(text(1)).toBe('Hello, you.');
  });

  it('a piece of an item that never began brings the newest page', async () => {
    stored = [...stored, agent(2, 'unseen', { state: 'open' })];
    chunk(2, 6, '!');
    await settled();
    expect(text(2)).toBe('unseen');
  });

  it('a call of a tool that was never announced is shown all the same', () => {
    event('tool.call_complete', { item: tool(5, { title: 'npm ci' }) });
    expect(shown()).toEqual([1, 5]);
  });

  it('an older state never replaces a newer one', () => {
    event('tool.call_complete', { item: tool(5, { title: 'done', updated_at: '2027-01-01T00:00:00Z' }) });
    event('tool.call_updated', { item: tool(5, { title: 'was running' }) });
    expect(feed.item(itemId(5))?.value).toMatchObject({ title: 'done' });
  });
});

it('what goes wrong is said, and what is here stays', async () => {
  stored = [user(1, 'a')];
  await feed.load();
  delete home.answers.getMessages;
  await feed.load();
  expect(feed.error.value).toContain('No answer');
  expect(shown()).toEqual([1]);
});

it('an item of before everything that is here comes with its page', async () => {
  stored = Array.from({ length: 200 }, (_, n) => user(n + 1, ''));
  await feed.load();
  event('tool.call_complete', { item: tool(1, {}) });
  expect(shown()).not.toContain(1);
});
