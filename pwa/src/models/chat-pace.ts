import { batch } from '@preact/signals';

/** What happens is shown at once, then again after this long, in ms: as fast as one can read, and a phone stays cool. */
export const SHOW_EVERY_MS = 50;
/** So much is held back at most: a page in the background has slow clocks. */
const MAX_HELD = 1_000;

/** Lets the first event through at once, and those that follow closely together, in their order and drawn once. */
export function createPace<E>(handle: (event: E) => void, later: (run: () => void, ms: number) => () => void) {
  let held: E[] = [];
  let stopPause: (() => void) | null = null;

  function release(): void {
    const events = held;
    held = [];
    batch(() => {
      for (const event of events) handle(event);
    });
  }

  function pause(): void {
    stopPause = later(() => {
      stopPause = null;
      if (held.length === 0) return;
      release();
      pause();
    }, SHOW_EVERY_MS);
  }

  return {
    take(event: E): void {
      held.push(event);
      if (stopPause !== null && held.length < MAX_HELD) return;
      release();
      if (stopPause === null) pause();
    },
    close(): void {
      held = [];
      stopPause?.();
    },
  };
}
