import type { LogEntry } from '@afield/shared/api/sessions.ts';
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

function open(items: LogEntry[] = [entry(1), entry(2)], next_cursor: string | null = null) {
  const way = scriptedLink(ONLINE);
  way.answers.getLogs = () => ({ items, next_cursor });
  return { ...way, log: new SessionLogModel(way.link, ID) };
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

  it('searches after a pause in typing, with the last words only', async () => {
    const { log, calls } = open();
    await settled();
    log.search('po');
    log.search('postgres ');
    expect(calls).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(300);
    expect(calls).toHaveLength(2);
    expect(calls[1]?.sent.query).toMatchObject({ q: 'postgres' });
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
