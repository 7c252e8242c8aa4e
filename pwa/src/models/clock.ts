import { type ReadonlySignal, signal } from '@preact/signals';

/** The present as a signal. Its timer runs only while somebody looks at it. */
function ticking(everyMs: number): ReadonlySignal<number> {
  let timer: ReturnType<typeof setInterval> | undefined;
  const now = signal(Date.now(), {
    watched() {
      // Not at once: whoever starts to look is in the middle of drawing.
      queueMicrotask(() => {
        now.value = Date.now();
      });
      timer = setInterval(() => {
        now.value = Date.now();
      }, everyMs);
    },
    unwatched() {
      clearInterval(timer);
    },
  });
  return now;
}

/** For countdowns. */
export const everySecond = ticking(1_000);
/** For "12 min" in lists: fine enough, and it lets a phone's processor sleep. */
export const everyQuarterMinute = ticking(15_000);
