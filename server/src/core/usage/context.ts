import type { SessionUsage } from '@afield/shared/api/usage.ts';
import type { Clock } from '../ports.ts';

/** Sessions whose window is remembered. */
const MAX_SESSIONS = 1_000;
/** A window fills a little with every word: it is told at most this often, and only by whole percents. */
const TELL_MS = 1_000;
const MAX_TOKENS = 1e12;

type Context = NonNullable<SessionUsage['context']>;
interface Known {
  context: Context;
  told: { percent: number; at: number } | null;
}

/** How full the windows of agents are, as they told last. Not kept over a restart: they tell again. */
export function createContexts(clock: Pick<Clock, 'monotonic'>) {
  const known = new Map<string, Known>();
  return {
    get: (session_id: string): Context | null => known.get(session_id)?.context ?? null,
    /** True when it is worth telling. */
    put(session_id: string, given: Context): boolean {
      const context = { used_tokens: tokens(given.used_tokens), size_tokens: tokens(given.size_tokens) };
      const told = known.get(session_id)?.told ?? null;
      known.delete(session_id);
      known.set(session_id, { context, told });
      for (const [oldest] of known) {
        if (known.size <= MAX_SESSIONS) break;
        known.delete(oldest);
      }
      return told === null || (told.percent !== percentOf(context) && clock.monotonic() - told.at >= TELL_MS);
    },
    told(session_id: string): void {
      const one = known.get(session_id);
      if (one !== undefined) one.told = { percent: percentOf(one.context), at: clock.monotonic() };
    },
  };
}

const tokens = (value: number): number => (Number.isFinite(value) ? Math.min(Math.max(Math.round(value), 0), MAX_TOKENS) : 0);
const percentOf = ({ used_tokens, size_tokens }: Context): number => Math.floor((100 * used_tokens) / Math.max(1, size_tokens));
