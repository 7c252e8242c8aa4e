/** Updates of every kind in any order: whoever follows the events has, at every moment, what home has. */
import type { ChatItem } from '@afield/shared/api/chat.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openTalk, type Talk } from '../../chat-kit.ts';
import type { ChatUpdate } from '../chat-ports.ts';

let talk: Talk;
afterEach(() => talk.house.close());

/** Mulberry32: the same numbers for the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

function anyUpdate(below: (n: number) => number): ChatUpdate {
  const pick = <T>(...values: T[]): T => values[below(values.length)]!;
  const key = `k${below(5)}`;
  const role = pick('agent', 'thought', 'user');
  const text = pick('a', 'word ', '😀', '\ud83d', 'x'.repeat(below(3_000)), '\n', 'y'.repeat(below(40_000)));
  const state = pick('pending', 'running', 'done', 'failed', undefined);
  const option = { id: 'y', label: 'Yes', decision: 'allow', scope: 'once' } as const;
  const ask = {
    tool_kind: 'execute',
    tool_name: 'Bash',
    subject: text,
    detail: null,
    diffs: [],
    options: [option],
    questions: [],
  } as const;
  return pick<() => ChatUpdate>(
    () => ({ type: 'text', key, role, text }),
    () => ({ type: 'text', key, role: 'agent', text }),
    () => ({ type: 'text_done', key, role, ...pick({}, {}, { text }) }),
    () => ({
      type: 'tool',
      key,
      patch: { ...(state === undefined ? {} : { state }), ...pick({}, { name: 'Bash' }, { title: text }, { output: text }) },
    }),
    () => ({ type: 'tool_output', key, text }),
    () => ({ type: 'tool_output', key, text }),
    () => ({ type: 'plan', steps: [{ text, state: 'now' }] }),
    () => ({ type: 'notice', level: pick('info', 'warning', 'error'), text }),
    () => ({ type: 'unknown', kind: key, text }),
    () => ({ type: 'ask', key, ask: { ...ask, options: [option], diffs: [], questions: [], kind: 'permission', tool_id: key } }),
    () => ({ type: 'ask_gone', key, by: pick('agent', 'elsewhere'), decision: pick('allow', 'deny', 'unknown') }),
    () => ({ type: 'waiting' }),
    () => ({ type: 'running' }),
    () => pick<ChatUpdate>({ type: 'running' }, { type: 'running' }, { type: 'idle', stop: pick('done', 'cancelled', 'error') }),
  )();
}

/** What a phone makes of the events: it asks for nothing. */
function follow(events: readonly AfieldEvent[]): ChatItem[] {
  const items = new Map<string, ChatItem>();
  for (const { type, payload } of events) {
    if (type === 'message.chunk') {
      const item = items.get(payload.item_id)!;
      const known = item.kind === 'tool' ? item.output : (item as { text: string }).text;
      expect(payload.at).toBe(known.length);
      items.set(item.id, {
        ...item,
        ...(item.kind === 'tool' ? { output: known + payload.text } : { text: known + payload.text }),
      } as ChatItem);
    } else if ('item' in payload) items.set(payload.item.id, payload.item);
  }
  return [...items.values()];
}
/** Times and counts of what is open are told when it is complete. */
const essence = (items: readonly ChatItem[]) =>
  items.map(({ updated_at: _at, ...item }) => ('output_bytes' in item ? { ...item, output_bytes: 0 } : item));

describe.each([1, 2, 3])('a thousand updates (seed %i)', (seed) => {
  it('leave nothing open, nothing doubled, and no two views of one chat', { timeout: 60_000 }, async () => {
    talk = openTalk();
    const { id } = await talk.begin({ prompt: 'go' });
    await talk.given(1);
    const below = numbers(seed);
    const all = () => {
      const items: ChatItem[] = [];
      let cursor: string | undefined;
      do {
        const page = talk.house.sessions.messages(id, { limit: 100, ...(cursor === undefined ? {} : { cursor }) });
        items.unshift(...page.items);
        cursor = page.next_cursor ?? undefined;
      } while (cursor !== undefined);
      return items;
    };
    for (let i = 0; i < 1_000; i++) {
      talk.chat.agent.say(anyUpdate(below));
      if (below(20) === 0) await new Promise((resolve) => setTimeout(resolve, below(30)));
    }
    // What is gathered is told in the end, though it stays open.
    await vi.waitFor(() => expect(essence(follow(talk.house.heard))).toEqual(essence(all())), { timeout: 5_000, interval: 100 });
    talk.chat.agent.say({ type: 'idle', stop: 'done' });
    await talk.becomes(id, 'idle');
    expect(follow(talk.house.heard)).toEqual(all());
    expect(new Set(all().map((item) => item.id)).size).toBe(all().length);
    expect(talk.house.store.chat.open(id)).toEqual([]);
    expect(talk.get(id)).toMatchObject({ status: 'idle', pending_approvals: 0 });
    expect(talk.house.warnings).toEqual([]);
    // Whoever was away hears of every item once more than never.
    const stored = talk.house.events.read({ since: 0, limit: 100_000, session_id: id });
    expect(stored.filter(({ type }) => type === 'message.chunk' || type === 'tool.call_updated').length).toBeLessThan(50);
    expect(essence(follow(stored.filter(({ type }) => type !== 'message.chunk')))).toEqual(essence(all()));
  });
});
