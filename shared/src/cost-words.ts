/** Costs and tokens as a person says them, on every face of the product. */
import type { UsageSum } from './api/usage.ts';

/** `$1.00`; an amount of less than a cent with as many digits as it takes: `$0.0042`. */
export function dollars(value: number): string {
  if (value >= 0.01 || value <= 0) return `$${value.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
  return value < 0.000_001 ? 'under $0.000001' : `$${Number(value.toPrecision(2)).toLocaleString('en-US', { maximumFractionDigits: 7 })}`;
}

/** What is known of the cost; `unknown` where nothing is. Never 0 for what nobody knows. */
export const costWords = ({ cost_usd }: Pick<UsageSum, 'cost_usd'>): string => (cost_usd === null ? 'unknown' : dollars(cost_usd));

/** What the cost leaves out: `3 turns without a known cost`; empty when it leaves out nothing. */
export function unpricedWords({ unpriced_turns: count }: Pick<UsageSum, 'unpriced_turns'>): string {
  return count === 0 ? '' : `${count.toLocaleString('en-US')} ${count === 1 ? 'turn' : 'turns'} without a known cost`;
}

/** `940`, `61.4k`, `9.1M`, `2.0G`: powers of 1000. */
export function tokenWords(count: number): string {
  const units = ['', 'k', 'M', 'G', 'T'];
  let value = count;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return unit === 0 ? String(count) : `${value.toFixed(value >= 99.95 ? 0 : 1)}${units[unit]}`;
}
