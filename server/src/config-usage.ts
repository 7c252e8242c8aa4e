/** The settings `prices` and `budgets`. What they mean is said in docs/guides/usage.md. */
import * as z from 'zod/mini';

const MAX_PRICES = 500;
/** USD. */
const amount = z.number().check(z.gte(0), z.lte(100_000));
const budget = z.optional(z.nullable(z.number().check(z.gt(0), z.lte(100_000))));
const model = z.string().check(z.regex(/^[^\s*]{0,128}\*?$/, 'must be a model name, or the beginning of some with a * behind it'));

export const configPrices = z
  .record(model, z.strictObject({ input: amount, output: amount, cached: z.optional(amount) }))
  .check(z.refine((prices) => Object.keys(prices).length <= MAX_PRICES, { error: `expected at most ${MAX_PRICES} prices` }));

export const configBudgets = z.pipe(
  z.strictObject({ session_usd: budget, day_usd: budget }),
  z.transform(({ session_usd = null, day_usd = null }) => ({ session_usd, day_usd })),
);
