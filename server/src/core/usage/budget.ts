/** Budgets: how much of one is used, and what is said when it is used up. */
import { dollars } from '@afield/shared/cost-words.ts';
import { usd } from './price.ts';

export type BudgetState = 'within' | 'near' | 'reached';
/** Its person is warned from here on. */
const NEAR = 0.8;

export function budgetState(spent: number, budget: number): BudgetState {
  if (usd(spent) >= usd(budget)) return 'reached';
  return usd(spent) >= usd(budget * NEAR) ? 'near' : 'within';
}

const RANK: Record<BudgetState, number> = { within: 0, near: 1, reached: 2 };
export const isWorse = (state: BudgetState, than: BudgetState): boolean => RANK[state] > RANK[than];

export const sessionReason = (budget: number): string =>
  `Budget reached: ${dollars(budget)} for this session. No new message goes to the agent until you raise it.`;
export const dayReason = (budget: number): string =>
  `Budget reached: ${dollars(budget)} a day for all sessions. No new message goes to an agent before 00:00 UTC, or until day_usd is raised in the config file.`;

export const DAY_MS = 86_400_000;
/** The day of a moment, UTC: `2026-11-21`. */
export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
