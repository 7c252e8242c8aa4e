import type { LogHit } from '@afield/shared/api/history.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { down, ONLINE, scriptedLink, settled } from '../../test/scripted-link.ts';
import { bySession, LogSearchModel } from './log-search.ts';

const hit = (seq: number, session = 'a', fields: Partial<LogHit> = {}): LogHit => ({
  seq,
  session_id: session,
  session_name: `session ${session}`,
  agent: 'claude',
  machine: 'local',
  timestamp: '2026-11-20T14:00:00Z',
  type: 'output',
  text: `found ${seq}`,
  marks: [[0, 5]],
  ...fields,
});

function open(words = '', first = ONLINE) {
  const way = scriptedLink(first);
  way.answers.searchLogs = () => ({ items: [hit(9), hit(8, 'b'), hit(7)], next_cursor: null });
  return { ...way, search: new LogSearchModel(way.link, words) };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the search in all sessions', () => {
  it('asks nothing before there are words', async () => {
    const { search, calls } = open();
    await settled();
    expect(calls).toEqual([]);
    expect(search.answered.value).toBeNull();
    search.search('   ');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(calls).toEqual([]);
  });

  it('asks once after a pause in typing, and groups by session', async () => {
    const { search, calls } = open();
    search.search('fo');
    search.search('found');
    await vi.advanceTimersByTimeAsync(300);
    expect(calls.map(({ sent }) => sent.query?.q)).toEqual(['found']);
    expect(search.found.value.map(({ name, hits }) => [name, hits.map((one) => one.seq)])).toEqual([
      ['session a', [9, 7]],
      ['session b', [8]],
    ]);
    expect(search.answered.value).toBe('found');
  });

  it('comes back with the words that were left behind', async () => {
    const { search, calls } = open('found');
    await settled();
    expect(calls).toHaveLength(1);
    expect(search.count.value).toBe(3);
  });

  it('says for what nothing was found', async () => {
    const { search, answers } = open('nowhere');
    answers.searchLogs = () => ({ items: [], next_cursor: null });
    await search.now();
    expect(search.count.value).toBe(0);
    expect(search.answered.value).toBe('nowhere');
  });

  it('keeps what was found while the next words are typed, and drops a late answer', async () => {
    const { search, answers } = open('found');
    await settled();
    let late: (value: unknown) => void = () => undefined;
    answers.searchLogs = () => new Promise((resolve) => (late = resolve));
    search.search('slow');
    await vi.advanceTimersByTimeAsync(300);
    expect(search.count.value).toBe(3);
    answers.searchLogs = () => ({ items: [hit(1)], next_cursor: null });
    search.search('fast');
    await vi.advanceTimersByTimeAsync(300);
    late({ items: [], next_cursor: null });
    await settled();
    expect(search.answered.value).toBe('fast');
    expect(search.count.value).toBe(1);
  });

  it('an empty field empties the list', async () => {
    const { search } = open('found');
    await settled();
    search.search('');
    expect(search.count.value).toBe(0);
    expect(search.loading.value).toBe(false);
  });

  it('goes on with the cursor, and ends at a bound', async () => {
    const { search, answers, calls } = open('found');
    answers.searchLogs = () => ({
      items: Array.from({ length: 300 }, (_, index) => hit(index + calls.length * 1_000)),
      next_cursor: 'older',
    });
    await search.now();
    expect(search.more.value).toBe(true);
    await search.loadMore();
    expect(calls.at(-1)?.sent.query?.cursor).toBe('older');
    expect(search.count.value).toBe(500);
    expect(search.more.value).toBe(false);
    expect(search.full.value).toBe(true);
  });

  it('asks for the chosen kinds', async () => {
    const { search, calls } = open('found');
    await settled();
    search.choose('output');
    search.choose('input');
    await settled();
    expect(calls.at(-1)?.sent.query).toMatchObject({ q: 'found', type: 'output,input' });
  });

  it('says why it failed, and asks again when the line is back', async () => {
    const { search, answers, state } = open('found');
    await settled();
    answers.searchLogs = () => Promise.reject(new Error('The index is being built.'));
    await search.now();
    expect(search.error.value).toBe('The index is being built.');
    answers.searchLogs = () => ({ items: [], next_cursor: null });
    state(down('broken'));
    state(ONLINE);
    await settled();
    expect(search.error.value).toBeNull();
  });

  it('without a connection it waits', async () => {
    const { search, calls } = open('', down('broken'));
    search.search('later');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(calls).toEqual([]);
  });
});

it('groups stand in the order of their newest hit', () => {
  expect(bySession([hit(9, 'b'), hit(8, 'a'), hit(7, 'b')]).map((group) => group.session_id)).toEqual(['b', 'a']);
});
