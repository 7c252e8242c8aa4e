/** While a turn goes on: a stream that is silent, or lies, never leaves it busy. */
import type { Clock } from '../../core/ports.ts';

/** So long without an event of a turn that goes on: it is asked how it stands. */
const QUIET_MS = 10_000;

export class QuietWatch {
  readonly #clock: Clock;
  readonly #turn: { over(): boolean; look(): Promise<void> };
  readonly #quietMs: number;
  #timer: { cancel(): void } | null = null;
  #heardAt = 0;

  constructor(clock: Clock, turn: { over(): boolean; look(): Promise<void> }, quietMs = QUIET_MS) {
    this.#clock = clock;
    this.#turn = turn;
    this.#quietMs = quietMs;
  }

  heard(): void {
    this.#heardAt = this.#clock.monotonic();
  }

  /** A turn goes on. */
  begin(): void {
    if (this.#timer !== null) return;
    this.heard();
    this.#wait(this.#quietMs);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #wait(ms: number): void {
    this.#timer = this.#clock.setTimeout(() => this.#due(), ms);
  }

  #due(): void {
    this.#timer = null;
    if (this.#turn.over()) return;
    const quiet = this.#clock.monotonic() - this.#heardAt;
    if (quiet < this.#quietMs) {
      this.#wait(this.#quietMs - quiet);
      return;
    }
    const next = () => {
      if (this.#timer === null && !this.#turn.over()) this.#wait(this.#quietMs);
    };
    this.#turn.look().then(next, next);
  }
}
