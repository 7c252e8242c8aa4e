import { describe, expect, it } from 'vitest';
import type { UsageReport } from '../chat-ports.ts';
import { priced, priceOf } from './price.ts';

const PRICES = {
  'gpt-5.5': { input: 2, output: 8, cached: 0.2 },
  'gpt-*': { input: 1, output: 4 },
  'gpt-5*': { input: 3, output: 9 },
  'local/*': { input: 0, output: 0 },
};
const report = (over: Partial<UsageReport> = {}): UsageReport => ({
  turn_id: 't',
  model: 'gpt-5.5',
  input_tokens: 1_000_000,
  cached_tokens: 0,
  output_tokens: 0,
  cost_usd: null,
  ...over,
});
const cost = (over: Partial<UsageReport>) => priced(report(over), PRICES).cost_usd;

describe('the price of a model', () => {
  it.each([
    ['gpt-5.5', 2],
    ['gpt-5.5-mini', 3],
    ['gpt-4', 1],
    ['local/qwen', 0],
  ])('%s: its own name wins, then the longest beginning', (model, input) => {
    expect(priceOf(PRICES, model)?.input).toBe(input);
  });

  it('is null where nothing fits, also for names that every object has', () => {
    for (const model of ['claude', '', 'toString', '__proto__', 'constructor']) expect(priceOf(PRICES, model)).toBeNull();
  });
});

describe('a turn', () => {
  it('costs what its agent says, whatever the table says', () => {
    expect(cost({ cost_usd: 0.42 })).toBe(0.42);
  });

  it('else what the table says, cached tokens apart', () => {
    expect(cost({})).toBe(2);
    expect(cost({ cached_tokens: 500_000 })).toBe(1.1);
    expect(cost({ output_tokens: 250_000 })).toBe(4);
    expect(cost({ model: 'gpt-5-x', cached_tokens: 500_000 })).toBe(3);
  });

  it('of a model without a price costs nobody knows what: never 0', () => {
    expect(cost({ model: 'claude' })).toBeNull();
    expect(cost({ model: null })).toBeNull();
    expect(cost({ model: 'claude', input_tokens: 0 })).toBeNull();
  });

  it('whose agent says 0 for tokens that it used is looked up: it only knows no price', () => {
    expect(cost({ cost_usd: 0 })).toBe(2);
    expect(cost({ cost_usd: 0, model: 'claude' })).toBeNull();
    expect(cost({ cost_usd: 0, model: 'local/qwen' })).toBe(0);
    expect(cost({ cost_usd: 0, input_tokens: 0 })).toBe(0);
  });

  it('of an agent that lies stays a number that can be added up', () => {
    const odd = priced(
      {
        turn_id: 'x'.repeat(10_000),
        model: `${'m'.repeat(127)}\u{1f600}`,
        input_tokens: Number.NaN,
        cached_tokens: 5,
        output_tokens: -3,
        cost_usd: -1,
      },
      PRICES,
    );
    expect(odd).toMatchObject({ input_tokens: 0, cached_tokens: 0, output_tokens: 0, cost_usd: null });
    expect(odd.turn_id).toHaveLength(200);
    expect(odd.model?.isWellFormed()).toBe(true);
    expect(priced(report({ input_tokens: 1e300, cached_tokens: 2e300, cost_usd: 1e300 }), {})).toMatchObject({
      input_tokens: 1e9,
      cached_tokens: 1e9,
      cost_usd: null,
    });
    expect(cost({ cost_usd: Number.POSITIVE_INFINITY, model: 'claude' })).toBeNull();
  });
});
