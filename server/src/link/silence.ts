/** Whether somebody is at the other end of a pipe: anything that arrives says so, if only a part of a message. */
import { STALE_MS } from '@afield/shared/link/messages.ts';
import type { LinkPipe } from '@afield/shared/link/pipe.ts';
import type { Clock } from '../core/ports.ts';

/** How often a silent line is looked at. */
const WATCH_MS = 5_000;
/** While a message comes in parts. */
const PAD_EVERY_MS = 1_000;

export class Silence {
  readonly #pipe: LinkPipe;
  readonly #clock: Clock;
  readonly #tooLong: () => void;
  #heardAt: number;
  #paddedAt = Number.NEGATIVE_INFINITY;
  #timer: { cancel(): void } | null = null;

  /** `tooLong`: not a word for a minute. */
  constructor(pipe: LinkPipe, clock: Clock, tooLong: () => void) {
    this.#pipe = pipe;
    this.#clock = clock;
    this.#tooLong = tooLong;
    this.#heardAt = clock.monotonic();
  }

  watch(): void {
    this.#pipe.onHeard = () => this.#part();
    this.#look();
  }

  heard(): void {
    this.#heardAt = this.#clock.monotonic();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** A large message takes its time, and whatever would answer stands behind it: the other side hears that its line lives. */
  #part(): void {
    this.heard();
    if (this.#heardAt - this.#paddedAt < PAD_EVERY_MS || this.#pipe.bufferedBytes > 0) return;
    this.#paddedAt = this.#heardAt;
    this.#pipe.sendPadding?.();
  }

  #look(): void {
    this.#timer = this.#clock.setTimeout(() => {
      if (this.#clock.monotonic() - this.#heardAt > STALE_MS) this.#tooLong();
      else this.#look();
    }, WATCH_MS);
  }
}
