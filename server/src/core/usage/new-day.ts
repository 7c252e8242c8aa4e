import type { Clock } from '../ports.ts';
import { DAY_MS, dayOf } from './budget.ts';

/** A clock that leaps, or a machine that slept, is looked at again this often. */
const LOOK_MS = 3_600_000;

/** Tells of the next day (UTC), once and only when it is expected and somebody listens. */
export function createNewDay(clock: Clock) {
  const listeners = new Set<() => void>();
  let waiting: { day: string; timer: { cancel(): void } } | null = null;

  const wait = (day: string) => {
    const left = DAY_MS - (clock.now() % DAY_MS);
    waiting = { day, timer: clock.setTimeout(() => look(day), Math.min(left, LOOK_MS)) };
  };
  const look = (day: string) => {
    if (dayOf(clock.now()) === day) return wait(day);
    waiting = null;
    for (const go of [...listeners]) go();
  };

  return {
    expect() {
      if (waiting === null && listeners.size > 0) wait(dayOf(clock.now()));
    },
    subscribe(go: () => void): () => void {
      const own = () => go();
      listeners.add(own);
      return () => {
        listeners.delete(own);
        if (listeners.size > 0) return;
        waiting?.timer.cancel();
        waiting = null;
      };
    },
  };
}
