import { expect, it } from 'vitest';
import { age, clockTime, parseAge, since, size } from './age.ts';

it.each([
  [-5000, '0 s'],
  [0, '0 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [3_599_999, '59 min'],
  [3_600_000, '1 h'],
  [86_399_999, '23 h'],
  [86_400_000 * 9, '9 d'],
])('%i ms is %s', (ms, text) => {
  expect(age(ms)).toBe(text);
});

it('counts from a timestamp', () => {
  expect(since('2026-11-20T10:00:00.000Z', Date.parse('2026-11-20T12:30:00Z'))).toBe('2 h');
});

it('gives the date only for another day', () => {
  const now = new Date(2026, 10, 20, 18, 0, 0).getTime();
  expect(clockTime(new Date(2026, 10, 20, 7, 5, 9).toISOString(), now)).toBe('07:05:09');
  expect(clockTime(new Date(2026, 10, 19, 7, 5, 9).toISOString(), now)).toBe('2026-11-19 07:05:09');
});

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1400, '1.4 kB'],
  [123_456, '123 kB'],
  [78_900_000, '78.9 MB'],
])('%i bytes are %s', (bytes, text) => {
  expect(size(bytes)).toBe(text);
});

it('reads lengths of time', () => {
  expect(parseAge('90s')).toBe(90_000);
  expect(parseAge('10m')).toBe(600_000);
  expect(parseAge('2h')).toBe(7_200_000);
  expect(parseAge('3d')).toBe(259_200_000);
  expect(parseAge('h')).toBeNull();
  expect(parseAge('12')).toBeNull();
});
