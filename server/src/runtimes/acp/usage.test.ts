import { describe, expect, it } from 'vitest';
import { CostMeter, TokenMeter, tokensOf } from './usage.ts';

describe('tokens of a turn', () => {
  const of = (result: Record<string, unknown>) => tokensOf(result);

  it('hold the cached ones, whether they are told beside the input or in it', () => {
    const beside = { usage: { inputTokens: 900, cachedReadTokens: 300, outputTokens: 40, totalTokens: 1240 } };
    const within = { usage: { inputTokens: 1200, cachedReadTokens: 300, outputTokens: 40, totalTokens: 1240 } };
    for (const told of [beside, within]) expect(of(told)).toMatchObject({ input_tokens: 1200, cached_tokens: 300, output_tokens: 40 });
  });

  it('are found where Gemini tells them, with the model', () => {
    const quota = { token_count: { input_tokens: 2500, output_tokens: 90 }, model_usage: [{ model: 'gemini-2.5-pro' }] };
    expect(of({ _meta: { quota } })).toEqual({ input_tokens: 2500, cached_tokens: 0, output_tokens: 90, model: 'gemini-2.5-pro' });
  });

  it('are none where nothing, or nonsense, is told', () => {
    for (const told of [
      {},
      { usage: null },
      { usage: 7 },
      { usage: { inputTokens: -1, outputTokens: 'x' } },
      { _meta: { quota: { token_count: null } } },
    ]) {
      expect(of(told)).toBe(null);
    }
  });

  it('of an agent that tells sums are what was added; of all others what is told', () => {
    const told = (input: number) => ({ input_tokens: input, cached_tokens: 0, output_tokens: 10, model: null });
    const turns = new TokenMeter();
    turns.agent('gemini-cli');
    expect([turns.turn(told(100)), turns.turn(told(150))].map((turn) => turn?.input_tokens)).toEqual([100, 150]);
    const sums = new TokenMeter();
    sums.agent('Copilot');
    const given = [told(100), { ...told(250), output_tokens: 30 }, { ...told(250), output_tokens: 30 }, null, told(0)];
    expect(given.map((one) => sums.turn(one))).toEqual([told(100), { ...told(150), output_tokens: 20 }, null, null, null]);
  });
});

describe('cost', () => {
  const usd = (amount: number) => ({ amount, currency: 'USD' });

  it('is told as a sum; a turn costs the difference', () => {
    const meter = new CostMeter(true);
    for (const [sum, turn] of [
      [0.25, 0.25],
      [0.75, 0.5],
    ] as const) {
      meter.begin();
      meter.read(usd(sum));
      expect(meter.spent()).toBe(turn);
    }
  });

  it('is unknown when it was not told, in another currency, or smaller than before', () => {
    const meter = new CostMeter(true);
    expect(meter.spent()).toBe(null);
    meter.read({ amount: 1, currency: 'EUR' });
    expect(meter.spent()).toBe(null);
    meter.read(usd(1));
    meter.begin();
    meter.read(usd(0.5));
    expect(meter.spent()).toBe(null);
  });

  it('of a session that was gone on with is unknown in its first turn only', () => {
    const meter = new CostMeter(false);
    meter.begin();
    meter.read(usd(2));
    expect(meter.spent()).toBe(null);
    meter.begin();
    meter.read(usd(3));
    expect(meter.spent()).toBe(1);
  });
});
