/** What agents use: tokens, cost, budgets. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { UsageDesk, UsageService } from './chat-service.ts';
import type { UsageStore } from './chat-stores.ts';
import type { Clock, ProjectStore, SessionStore } from './ports.ts';
import type { EventLog } from './service.ts';

/** USD for a million tokens. `cached` default: as input. */
export interface Price {
  input: number;
  output: number;
  cached?: number | undefined;
}

export interface UsageDeps {
  clock: Clock;
  store: { usage: UsageStore; sessions: SessionStore; projects: ProjectStore };
  events: EventLog;
  /** By model, exact or with a trailing `*`. */
  prices: Readonly<Record<string, Price>>;
  budgets: { session_usd: number | null; day_usd: number | null };
}

export function createUsage(_deps: UsageDeps): { desk: UsageDesk; service: UsageService } {
  const no = (): never => {
    throw new AfieldError('unavailable', 'Not there yet.');
  };
  const within = () => ({ state: 'within' as const, cost_usd: null });
  return { desk: { report: within, context: () => {}, verdict: within, changed: () => {} }, service: { report: no, session: no } };
}
