import type { Clock } from './ports.ts';

/** What is asked for; null when it fails or takes longer. */
export async function inTime<T>(clock: Clock, ms: number, ask: () => Promise<T | null>): Promise<T | null> {
  return new Promise((resolve) => {
    const late = clock.setTimeout(() => resolve(null), ms);
    const settle = (value: T | null) => {
      late.cancel();
      resolve(value);
    };
    ask().then(settle, () => settle(null));
  });
}
