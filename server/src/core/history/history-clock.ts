/**
 * Whether the clock may be believed when it says that something is old. A clock that is a year ahead (an empty battery, a wrong hand)
 * must not delete everything. So the time that was last believed is remembered, and a leap ahead of it by more than a week is believed
 * only after the server has run with it for a day: time for the clock to be set right, or for its owner to see the warning. A machine that
 * was off for longer than a week waits that day too.
 */
import { timestamp } from '../clock.ts';
import type { Clock, MetaStore } from '../ports.ts';

const HOUR_MS = 3_600_000;
const LEAP_MS = 7 * 24 * HOUR_MS;
const PATIENCE_MS = 24 * HOUR_MS;
const SEEN = 'clock_seen';

export class HistoryClock {
  readonly #clock: Clock;
  readonly #meta: MetaStore;
  /** Last believed, and where the monotonic clock was then. */
  #seen: { wall: number; monotonic: number };
  #leaptAt: number | null = null;

  /** `newestAt`: the latest time that anything kept knows of, for a database that has not remembered one yet. */
  constructor(clock: Clock, meta: MetaStore, newestAt: string | null) {
    this.#clock = clock;
    this.#meta = meta;
    const wall = Date.parse(meta.get(SEEN) ?? newestAt ?? '');
    this.#seen = { wall: Number.isNaN(wall) ? clock.now() : wall, monotonic: clock.monotonic() };
  }

  /** By how many ms the clock leapt ahead while nobody knows yet whether it is right; 0: it is believed. */
  leap(): number {
    const [now, monotonic] = [this.#clock.now(), this.#clock.monotonic()];
    const leap = now - (this.#seen.wall + monotonic - this.#seen.monotonic);
    if (leap > LEAP_MS) {
      this.#leaptAt ??= monotonic;
      if (monotonic - this.#leaptAt < PATIENCE_MS) return leap;
    }
    this.#leaptAt = null;
    this.#seen = { wall: now, monotonic };
    try {
      this.#meta.set(SEEN, timestamp(this.#clock));
    } catch {
      // On a full disk, where pruning is what helps. It is remembered the next time.
    }
    return 0;
  }
}
