/** What a turn costs by the price table of the config file. */
import type { UsageReport } from '../chat-ports.ts';

/** USD for a million tokens. `cached` default: as input. */
export interface Price {
  input: number;
  output: number;
  cached?: number | undefined;
}
/** By model: its exact name, or the beginning of names with a `*` behind it. */
export type PriceTable = Readonly<Record<string, Price>>;

const MILLION = 1_000_000;
/** No turn has more tokens; sums of a million such turns are still exact. */
const MAX_TOKENS = 1e9;
/** USD. */
const MAX_COST = 1e6;
const MODEL_CHARACTERS = 128;
const TURN_CHARACTERS = 200;

/** The price of a model: its own, else that of the longest beginning that fits; null: none is known. */
export function priceOf(prices: PriceTable, model: string): Price | null {
  if (Object.hasOwn(prices, model)) return prices[model] ?? null;
  const fits = Object.keys(prices).filter((name) => name.endsWith('*') && model.startsWith(name.slice(0, -1)));
  const [best] = fits.sort((a, b) => b.length - a.length);
  return best === undefined ? null : (prices[best] ?? null);
}

/** USD to a billionth: sums of binary fractions look odd otherwise. */
export const usd = (value: number): number => Math.round(value * 1e9) / 1e9;

/**
 * A report as it is kept: an agent may say anything. Without a cost of the agent's own, or with 0 for tokens that it used (its word for
 * "I know no price"), the table decides; what it does not know is null.
 */
export function priced(report: UsageReport, prices: PriceTable): UsageReport {
  const input_tokens = count(report.input_tokens);
  const cached_tokens = Math.min(count(report.cached_tokens), input_tokens);
  const output_tokens = count(report.output_tokens);
  const model = report.model === null ? null : line(report.model, MODEL_CHARACTERS);
  const told = amount(report.cost_usd);
  const price = priceOf(prices, model ?? '');
  const used = input_tokens + output_tokens > 0;
  const own = told === 0 && used ? null : told;
  const counted =
    price === null || !used
      ? null
      : ((input_tokens - cached_tokens) * price.input + cached_tokens * (price.cached ?? price.input) + output_tokens * price.output) /
        MILLION;
  const cost_usd = own ?? (counted === null ? null : usd(counted));
  return { turn_id: line(report.turn_id, TURN_CHARACTERS), model, input_tokens, cached_tokens, output_tokens, cost_usd };
}

const count = (value: number): number => (Number.isFinite(value) ? Math.min(Math.max(Math.round(value), 0), MAX_TOKENS) : 0);
const amount = (value: number | null): number | null =>
  value === null || !Number.isFinite(value) || value < 0 || value > MAX_COST ? null : usd(value);
const line = (text: string, characters: number): string => text.toWellFormed().slice(0, characters).toWellFormed();
