import { performance } from 'node:perf_hooks';
import type { Clock } from './ports.ts';

/** The real time. */
export function systemClock(): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    setTimeout: (run, ms) => {
      const timer = setTimeout(run, ms);
      return { cancel: () => clearTimeout(timer) };
    },
  };
}

/** Resolves after `ms`. */
export function pause(clock: Pick<Clock, 'setTimeout'>, ms: number): Promise<void> {
  return new Promise((resolve) => clock.setTimeout(resolve, ms));
}

/** ISO 8601 UTC, as all times of the API are. */
export function timestamp(clock: Clock): string {
  return new Date(clock.now()).toISOString();
}
