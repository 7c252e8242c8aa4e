import { describe, expect, it } from 'vitest';
import { chatItems } from '../../test/chat-items.ts';
import { newer, placeFor, withChunk, withTail } from './chat-items.ts';

const { agent, tool, user } = chatItems();
const ids = (items: readonly { id: string }[] | null) => items?.map(({ id }) => Number(id.slice(-4)));

describe('a piece of text', () => {
  const open = agent(1, 'Hello', { state: 'open' });

  it('is put behind exactly as much as stood before it', () => {
    expect(withChunk(open, { at: 5, text: ', you' })).toMatchObject({ text: 'Hello, you' });
  });

  it('that is here already changes nothing', () => {
    expect(withChunk(open, { at: 2, text: 'llo' })).toBe(open);
  });

  it('that fits nowhere says so: the item must be asked for', () => {
    expect(withChunk(open, { at: 9, text: 'more' })).toBeNull();
    expect(withChunk(open, { at: 3, text: 'other' })).toBeNull();
  });

  it('a tool keeps the end of its output', () => {
    const long = tool(1, { state: 'running', output: 'x'.repeat(65_536), output_bytes: 65_536 });
    const more = withChunk(long, { at: 65_536, text: 'end' });
    expect(more).toMatchObject({ output: expect.stringMatching(/xend$/) });
    expect((more as { output: string }).output).toHaveLength(65_536);
  });

  it('a tool whose output is longer than what is kept goes on with its end, and is not asked for', () => {
    const full = tool(1, { state: 'running', output: 'x'.repeat(65_536), output_bytes: 90_000 });
    const more = withChunk(full, { at: 65_533, text: 'end' });
    expect((more as { output: string }).output).toBe(`${'x'.repeat(65_533)}end`);
    expect(withChunk(more!, { at: 65_533, text: 'end' })).toBe(more);
    expect(withChunk(full, { at: 100, text: 'y' })).toBeNull();
  });
});

describe('two states of one item', () => {
  it('the later one counts', () => {
    const early = agent(1, 'a', { updated_at: '2026-11-20T10:00:00Z' });
    const late = agent(1, 'b', { updated_at: '2026-11-20T10:00:01Z' });
    expect(newer(early, late)).toBe(late);
    expect(newer(late, early)).toBe(late);
  });

  it('pieces that came while it was asked for are not taken away again', () => {
    const grown = agent(1, 'Hello, you', { state: 'open' });
    expect(newer(grown, agent(1, 'Hello', { state: 'open' }))).toBe(grown);
    expect(newer(grown, agent(1, 'Hello', { state: 'done' }))).toMatchObject({ text: 'Hello' });
  });
});

describe('the newest page', () => {
  const items = [1, 2, 3, 4, 5].map((n) => user(n, String(n)));

  it('is put onto what is known', () => {
    expect(ids(withTail(items.slice(0, 3), items.slice(1)))).toEqual([1, 2, 3, 4, 5]);
  });

  it('what came by an event since it was made stays behind it', () => {
    expect(ids(withTail(items, items.slice(0, 4)))).toEqual([1, 2, 3, 4, 5]);
  });

  it('that knows nothing of what is here may leave a hole, and says so', () => {
    expect(withTail(items.slice(0, 2), items.slice(3))).toBeNull();
  });

  it('what home no longer has inside of it goes', () => {
    expect(ids(withTail(items, [items[1]!, items[3]!, items[4]!]))).toEqual([1, 2, 4, 5]);
  });
});

it('a new item stands behind everything that is not younger', () => {
  const items = [user(1, ''), user(2, ''), user(4, '')];
  expect(placeFor(items, user(3, ''))).toBe(2);
  expect(placeFor(items, { ...user(9, ''), created_at: items[2]!.created_at })).toBe(3);
});
