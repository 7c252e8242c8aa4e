import { expect, it } from 'vitest';
import { costWords, dollars, tokenWords, unpricedWords } from './cost-words.ts';

it.each([
  [0, '$0.00'],
  [1, '$1.00'],
  [0.01, '$0.01'],
  [0.0042, '$0.0042'],
  [0.000_011, '$0.000011'],
  [1e-9, 'under $0.000001'],
  [1234.5, '$1,234.50'],
])('%f is %s', (value, words) => {
  expect(dollars(value)).toBe(words);
});

it('a cost that nobody knows is unknown, never $0', () => {
  expect(costWords({ cost_usd: null })).toBe('unknown');
  expect(costWords({ cost_usd: 0 })).toBe('$0.00');
});

it.each([
  [0, ''],
  [1, '1 turn without a known cost'],
  [1200, '1,200 turns without a known cost'],
])('%i turns without a cost: %j', (unpriced_turns, words) => {
  expect(unpricedWords({ unpriced_turns })).toBe(words);
});

it.each([
  [0, '0'],
  [999, '999'],
  [1_000, '1.0k'],
  [61_400, '61.4k'],
  [999_949, '1.0M'],
  [812_400, '812k'],
  [9_100_000, '9.1M'],
  [2e9, '2.0G'],
  [5e15, '5000T'],
])('%i tokens are %s', (count, words) => {
  expect(tokenWords(count)).toBe(words);
});
