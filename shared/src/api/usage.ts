import * as z from 'zod/mini';
import { route } from '../route.ts';
import { id, time } from './base.ts';

/** Tokens of one or many turns. `cost_usd` null: no agent told it and no price is known. `input_tokens` holds the cached ones too. */
export const usageSum = z.object({
  turns: z.int(),
  input_tokens: z.int(),
  cached_tokens: z.int(),
  output_tokens: z.int(),
  cost_usd: z.nullable(z.number()),
  /** Turns whose cost is unknown and that are not in `cost_usd`. */
  unpriced_turns: z.int(),
});
export type UsageSum = z.infer<typeof usageSum>;

/** `near` from 80 % on. */
const budgetState = z.enum(['within', 'near', 'reached']);
/** What all sessions together may spend a day (UTC), and what was spent today. */
export const dayBudget = z.object({ usd: z.number(), spent_usd: z.number(), state: budgetState });
export type DayBudget = z.infer<typeof dayBudget>;

/** What one session has used, and what it may. */
export const sessionUsage = z.object({
  session_id: id,
  sum: usageSum,
  /** The dearest first, at most 50; `''`: not told. */
  models: z.array(z.object({ model: z.string(), sum: usageSum })),
  /** Of the agent's window; null while it has not told. */
  context: z.nullable(z.object({ used_tokens: z.int(), size_tokens: z.int() })),
  /** Its own, else the one that the config file gives every session. */
  budget: z.nullable(z.object({ usd: z.number(), state: budgetState })),
  day_budget: z.nullable(dayBudget),
});
export type SessionUsage = z.infer<typeof sessionUsage>;

const day = z.string().check(z.regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a day such as 2026-11-21'));

export const usage = {
  getUsage: route({
    method: 'GET',
    path: '/usage',
    summary: 'Tokens and cost, by day, model, agent, project or session',
    permission: 'usage:read',
    query: z.object({
      by: z._default(z.enum(['day', 'model', 'agent', 'project', 'session']), 'day'),
      /** First and last day, UTC. Default: the last 30 days. */
      from: z.optional(day),
      to: z.optional(day),
    }),
    response: z.object({
      from: day,
      to: day,
      /** By day in order, else the dearest first; at most 1,000. `name`: of the project or session, for people. */
      items: z.array(z.object({ key: z.string(), name: z.nullable(z.string()), sum: usageSum })),
      total: usageSum,
      /** What may be spent a day, and what was today. */
      day_budget: z.nullable(dayBudget),
      as_of: time,
    }),
    errors: ['bad_request'],
  }),
  getSessionUsage: route({
    method: 'GET',
    path: '/sessions/{id}/usage',
    summary: 'What a session has used, and its budget',
    permission: 'usage:read',
    params: z.object({ id }),
    response: sessionUsage,
    errors: ['session_not_found'],
  }),
};
