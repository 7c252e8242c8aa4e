import type { LogEntry } from '@afield/shared/api/logs.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { down, ONLINE, scriptedLink, settled } from '../../test/scripted-link.ts';
import { SessionLogModel } from './session-log.ts';

const ID = '01934b1e-0000-7000-8000-000000000001';
const entry = (seq: number, fields: Partial<LogEntry> = {}): LogEntry => ({
  seq,
  session_id: ID,
  timestamp: '2026-11-20T14:00:00Z',
  type: 'output',
  text: `line ${seq}`,
  ...fields,
});
const live = (one: LogEntry) =>
  ({ type: 'log', seq: one.seq, session_id: one.session_id, timestamp: one.timestamp, payload: { entry: one } }) as const;

function open(items: LogEntry[] = [entry(1), entry(2)], next_cursor: string | null = null, place: number | null = null) {
  const way = scriptedLink(ONLINE);
  way.answers.getLogs = () => ({ items, next_cursor });
  return { ...way, log: new SessionLogModel(way.link, ID, place) };
}
const seqs = (log: InstanceType<typeof SessionLogModel>) => log.entries.value.map((one) => one.seq);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the log', () => {
  it('shows the newest first', async () => {
    const { log } = open();
    expect(log.loading.value).toBe(true);
    await settled();
    expect(seqs(log)).toEqual([2, 1]);
    expect(log.loading.value).toBe(false);
  });

  it('adds what happens, once', async () => {
    const { log, event } = open();
    await settled();
    event(live(entry(3)));
    event(live(entry(3)));
    expect(seqs(log)).toEqual([3, 2, 1]);
  });

  it('hears of no other session', async () => {
    const { log, event } = open();
    await settled();
    event(live(entry(9, { session_id: '01934b1e-0000-7000-8000-000000000002' })));
    expect(seqs(log)).toEqual([2, 1]);
  });

  it('puts nothing above what is being read; it waits', async () => {
    const { log, event } = open();
    await settled();
    log.hold(true);
    event(live(entry(3)));
    event(live(entry(4)));
    expect(seqs(log)).toEqual([2, 1]);
    expect(log.heldCount.value).toBe(2);
    log.hold(false);
    expect(seqs(log)).toEqual([4, 3, 2, 1]);
    expect(log.heldCount.value).toBe(0);
  });

  it('goes back in time with the cursor', async () => {
    const { log, answers } = open([entry(8), entry(9)], 'older');
    await settled();
    expect(log.more.value).toBe(true);
    answers.getLogs = ({ query }) => {
      expect(query?.cursor).toBe('older');
      return { items: [entry(6), entry(7)], next_cursor: null };
    };
    await log.loadOlder();
    expect(seqs(log)).toEqual([9, 8, 7, 6]);
    expect(log.more.value).toBe(false);
  });

  it('asks home for several kinds, and for all again', async () => {
    const { log, calls } = open();
    await settled();
    log.choose('tool');
    log.choose('state');
    await settled();
    expect(calls.at(-1)?.sent.query).toMatchObject({ type: 'state,tool' });
    log.choose('tool');
    await settled();
    expect(calls.at(-1)?.sent.query).toMatchObject({ type: 'state' });
    log.choose(null);
    await settled();
    expect(calls.at(-1)?.sent.query).not.toHaveProperty('type');
  });

  it('asks home for one kind, and lets no other in', async () => {
    const { log, calls, event } = open();
    await settled();
    log.choose('state');
    await settled();
    expect(calls.at(-1)?.sent.query).toMatchObject({ type: 'state' });
    event(live(entry(3)));
    event(live(entry(4, { type: 'state' })));
    expect(seqs(log)[0]).toBe(4);
    expect(seqs(log)).not.toContain(3);
  });

  it('searches after a pause in typing, with the last words only, and marks them', async () => {
    const { log, calls, answers, event } = open();
    const hit = (marks: unknown) => ({ ...entry(2, { text: 'into postgres' }), session_name: 'x', agent: 'a', machine: 'm', marks });
    answers.searchLogs = () => ({
      items: [
        hit([
          [5, 13],
          [9, 900],
        ]),
      ],
      next_cursor: null,
    });
    await settled();
    log.search('po');
    log.search('postgres ');
    expect(calls).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(300);
    expect(calls).toHaveLength(2);
    expect(calls[1]).toMatchObject({ operation: 'searchLogs', sent: { query: { q: 'postgres', session_id: ID } } });
    expect(log.entries.value[0]?.marks).toEqual([[5, 13]]);
    event(live(entry(3, { text: 'Postgres 17' })));
    event(live(entry(4, { text: 'something else' })));
    expect(log.entries.value.map(({ seq, marks }) => [seq, marks])).toEqual([
      [3, [[0, 8]]],
      [2, [[5, 13]]],
    ]);
  });

  it('a slow answer to an older question is dropped', async () => {
    const { log, answers } = open();
    await settled();
    let answerSlowly: (value: unknown) => void = () => undefined;
    answers.getLogs = () => new Promise((resolve) => (answerSlowly = resolve));
    log.choose('tool');
    answers.getLogs = () => ({ items: [entry(5, { type: 'state' })], next_cursor: null });
    log.choose('state');
    await settled();
    answerSlowly({ items: [entry(6, { type: 'tool' })], next_cursor: null });
    await settled();
    expect(seqs(log)).toEqual([5]);
  });

  it('after a gap and after a broken line the page is fetched anew', async () => {
    const { log, answers, gap, state } = open();
    await settled();
    answers.getLogs = () => ({ items: [entry(30)], next_cursor: null });
    gap(30);
    await settled();
    expect(seqs(log)).toEqual([30]);
    answers.getLogs = () => ({ items: [entry(31)], next_cursor: null });
    state(down('broken'));
    state(ONLINE);
    await settled();
    expect(seqs(log)).toEqual([31]);
  });

  it('says why it is empty', async () => {
    const { log, answers } = open();
    await settled();
    answers.getLogs = () => Promise.reject(new Error('No such session'));
    await log.reload();
    expect(log.error.value).toBe('No such session');
  });

  it('does not grow without a bound', async () => {
    const { log } = open(
      Array.from({ length: 2_500 }, (_, index) => entry(index + 1)),
      'older',
    );
    await settled();
    expect(log.entries.value).toHaveLength(2_000);
    expect(log.entries.value[0]?.seq).toBe(2_500);
    expect(log.more.value).toBe(false);
  });
});

describe('at a place', () => {
  /** Home with the entries 1 to 500, and pages of 5. */
  function long(place: number | null) {
    const way = open([], null, place);
    const all = Array.from({ length: 500 }, (_, index) => entry(index + 1));
    way.answers.getLogs = ({ query = {} }) => {
      const { since = 0, before = 501, oldest = false, cursor } = query as Record<string, number>;
      const until = cursor === undefined ? before : Number(cursor);
      const fitting = all.filter(({ seq }) => seq > since && seq < until);
      const items = oldest ? fitting.slice(0, 5) : fitting.slice(-5);
      return { items, next_cursor: fitting.length > 5 ? String(oldest ? items.at(-1)?.seq : items[0]?.seq) : null };
    };
    return way;
  }

  it('opens in the middle, and goes on from there in both directions', async () => {
    const { log } = long(100);
    await log.reload();
    expect(seqs(log)).toEqual([105, 104, 103, 102, 101, 100, 99, 98, 97, 96]);
    expect(log.behind.value).toBe(true);
    await log.loadNewer();
    expect(seqs(log)[0]).toBe(110);
    await log.loadOlder();
    expect(seqs(log).at(-1)).toBe(91);
    expect(log.entries.value).toHaveLength(20);
  });

  it('what happens meanwhile is counted, not put beside the past', async () => {
    const { log, event } = long(100);
    await log.reload();
    event(live(entry(501)));
    expect(seqs(log)[0]).toBe(105);
    expect(log.heldCount.value).toBe(1);
    await log.goTo(null);
    expect(log.behind.value).toBe(false);
    expect(seqs(log)[0]).toBe(500);
    event(live(entry(502)));
    expect(seqs(log)[0]).toBe(502);
  });

  it('at the newest entries it is not behind', async () => {
    const { log } = long(497);
    await log.reload();
    expect(seqs(log)[0]).toBe(500);
    expect(log.behind.value).toBe(false);
  });

  it('once the newer ones are read it is live again', async () => {
    const { log, event } = long(492);
    await log.reload();
    expect(log.behind.value).toBe(true);
    event(live(entry(501)));
    await log.loadNewer();
    expect(log.behind.value).toBe(false);
    expect(log.heldCount.value).toBe(0);
    event(live(entry(502)));
    expect(seqs(log)[0]).toBe(502);
  });

  it('from a hit it goes to the place of the hit, without the words', async () => {
    const { log } = long(null);
    await log.reload();
    log.search('line');
    await log.goTo(100);
    expect(log.query.value).toBe('');
    expect(log.at.value).toBe(100);
    expect(seqs(log)).toContain(100);
  });
});
