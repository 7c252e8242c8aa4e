import type { Clock } from './ports.ts';

export interface ManualClock extends Clock {
  /** Moves time on and runs what falls due, in order. */
  advance(ms: number): void;
}

/** A clock that stands still until a test moves it. */
export function manualClock(start = Date.parse('2026-01-01T00:00:00Z')): ManualClock {
  let elapsed = 0;
  const timers = new Set<{ due: number; run: () => void }>();
  const earliest = (limit: number) => [...timers].filter((t) => t.due <= limit).sort((a, b) => a.due - b.due)[0];
  return {
    now: () => start + elapsed,
    monotonic: () => elapsed,
    setTimeout: (run, ms) => {
      const timer = { due: elapsed + ms, run };
      timers.add(timer);
      return { cancel: () => timers.delete(timer) };
    },
    advance: (ms) => {
      const end = elapsed + ms;
      for (let timer = earliest(end); timer !== undefined; timer = earliest(end)) {
        timers.delete(timer);
        elapsed = Math.max(elapsed, timer.due);
        timer.run();
      }
      elapsed = end;
    },
  };
}
