import { describe, expect, it } from 'vitest';
import { clock, clockSeconds, countdown, lastSeen, span, spanInWords, when } from './time.ts';

/** Local time, as the functions speak it; whatever zone the tests run in. */
const at = (day: number, hour: number, minute = 0, second = 0): number => new Date(2026, 10, day, hour, minute, second).getTime();
const now = at(20, 14, 38);

describe('clock', () => {
  it('has two digits each', () => {
    expect(clock(at(20, 7, 5))).toBe('07:05');
    expect(clockSeconds(at(20, 7, 5, 9))).toBe('07:05:09');
  });
  it('reads ISO 8601', () => {
    expect(clock(new Date(at(20, 9, 52)).toISOString())).toBe('09:52');
  });
});

describe('span', () => {
  it('speaks in one unit', () => {
    expect([0, 12_000, 59_999, 60_000, 48 * 60_000, 3_600_000, 26 * 3_600_000, 50 * 3_600_000].map(span)).toEqual([
      '0 s',
      '12 s',
      '59 s',
      '1 min',
      '48 min',
      '1 h',
      '1 day',
      '2 days',
    ]);
  });
  it('is never negative: clocks of two machines differ', () => {
    expect(span(-5_000)).toBe('0 s');
  });
  it('is said in full words', () => {
    expect(spanInWords(12 * 60_000)).toBe('12 minutes');
    expect(spanInWords(3_600_000)).toBe('1 hour');
    expect(spanInWords(50 * 3_600_000)).toBe('2 days');
  });
});

describe('countdown', () => {
  it('counts to the second and ends at nothing', () => {
    expect([84_000, 60_000, 8_001, 8_000, -1].map(countdown)).toEqual(['1 min 24 s', '1 min 0 s', '9 s', '8 s', '0 s']);
  });
});

describe('when', () => {
  it('says the hour today, the weekday this week, the date before', () => {
    expect(when(at(20, 9, 52), now)).toBe('09:52');
    expect(when(at(19, 9, 52), now)).toBe('Thu');
    expect(when(at(15, 9, 52), now)).toBe('Sun');
    expect(when(at(3, 9, 52), now)).toBe('3 Nov');
    expect(when(new Date(2025, 10, 3).getTime(), now)).toBe('3 Nov 2025');
  });
  it('does not call a time a weekday that names another day too', () => {
    expect(when(at(13, 14, 38), now)).toBe('13 Nov');
  });
  it('adds the hour where the day alone would mislead', () => {
    expect(lastSeen(at(20, 14, 32), now)).toBe('14:32');
    expect(lastSeen(at(19, 23, 59), now)).toBe('Thu 23:59');
  });
});
