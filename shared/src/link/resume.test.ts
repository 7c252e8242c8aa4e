import { describe, expect, it } from 'vitest';
import { Backoff, EventCursor } from './resume.ts';

describe('Backoff', () => {
  const delays = (random: () => number, n: number) => {
    const backoff = new Backoff(random);
    return Array.from({ length: n }, () => backoff.next());
  };

  it('tries at once, then 1 s, doubling up to 30 s', () => {
    expect(delays(() => 0.999_999, 9)).toEqual([0, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('leaves half of each delay to chance', () => {
    expect(delays(() => 0, 4)).toEqual([0, 500, 1000, 2000]);
  });

  it('never overflows, and begins anew after a reset', () => {
    const backoff = new Backoff(() => 0);
    for (let i = 0; i < 5000; i++) backoff.next();
    expect(backoff.next()).toBe(15_000);
    expect(backoff.attempt).toBe(5001);
    backoff.reset();
    expect([backoff.attempt, backoff.next()]).toEqual([0, 0]);
  });
});

describe('EventCursor', () => {
  it('drops repeats and what is older', () => {
    const cursor = new EventCursor(5);
    expect([5, 6, 6, 4, 9, 7].map((seq) => cursor.accept(seq))).toEqual([false, true, false, false, true, false]);
    expect(cursor.last).toBe(9);
  });

  it('without a past begins where the server is', () => {
    const cursor = new EventCursor(null);
    expect(cursor.resumed({ resume: 'ok', next_seq: 100 })).toBe(false);
    expect(cursor.last).toBe(99);
    expect(cursor.accept(99)).toBe(false);
    expect(cursor.accept(100)).toBe(true);
  });

  it('a gap goes on with the next seq', () => {
    const cursor = new EventCursor(3);
    expect(cursor.resumed({ resume: 'gap', next_seq: 50 })).toBe(true);
    expect(cursor.last).toBe(49);
  });

  it('G6: a log that is behind of what we know was restored from a backup: a gap, whatever the server says', () => {
    const cursor = new EventCursor(80);
    expect(cursor.resumed({ resume: 'ok', next_seq: 50 })).toBe(true);
    expect(cursor.accept(50)).toBe(true);
  });

  it('moves on to what was stored only once that has arrived', () => {
    const cursor = new EventCursor(3);
    cursor.resumed({ resume: 'ok', next_seq: 50 });
    expect(cursor.last).toBe(3);
    expect(cursor.accept(20)).toBe(true);
    cursor.caughtUp();
    expect(cursor.last).toBe(49);
  });
});
