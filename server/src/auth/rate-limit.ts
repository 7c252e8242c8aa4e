import type { Clock } from '../core/ports.ts';

export interface RateLimit {
  /** Counts one more for `key`. False: that was one too many in this window. */
  take(key: string): boolean;
}

/** Most keys remembered at a time: then the oldest window is forgotten, so that many callers cannot fill the memory. */
const MAX_KEYS = 10_000;

/** At most `limit` in `windowMs` for each key. Windows are fixed, so twice the limit may pass around the end of one. */
export function rateLimit({ limit, windowMs, clock }: { limit: number; windowMs: number; clock: Clock }): RateLimit {
  const windows = new Map<string, { since: number; count: number }>();
  return {
    take(key) {
      const now = clock.monotonic();
      const open = windows.get(key);
      if (open !== undefined && now - open.since < windowMs) return ++open.count <= limit;
      windows.delete(key);
      if (windows.size >= MAX_KEYS) windows.delete(windows.keys().next().value as string);
      windows.set(key, { since: now, count: 1 });
      return limit >= 1;
    },
  };
}
