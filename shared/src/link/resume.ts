/** How a client comes back (protocol 3.3). Pure. */

const FIRST_DELAY_MS = 1000;
const MAX_DELAY_MS = 30_000;

/** First retry at once, then 1 s, doubling up to 30 s. Half of each delay is left to chance, so that a thousand clients do not come at the same time. */
export class Backoff {
  readonly #random: () => number;
  #attempt = 0;

  /** `random`: 0 ≤ x < 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Attempts since the last `reset`. */
  get attempt(): number {
    return this.#attempt;
  }

  /** Counts one more attempt and says how many ms to wait for it. */
  next(): number {
    const doublings = this.#attempt++ - 1;
    if (doublings < 0) return 0;
    const delay = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(doublings, 10));
    return Math.round(delay * (0.5 + this.#random() / 2));
  }

  reset(): void {
    this.#attempt = 0;
  }
}

/** How far one subscription has got in the event log. Its events arrive in ascending order; repeats are dropped here. */
export class EventCursor {
  #last: number | null;
  #target: number | null = null;

  /** `since`: the last seq known already; null: none, and nothing of the past is wanted. */
  constructor(since: number | null) {
    this.#last = since;
  }

  get last(): number | null {
    return this.#last;
  }

  /** False for a repeat. */
  accept(seq: number): boolean {
    if (this.#last !== null && seq <= this.#last) return false;
    this.#last = seq;
    return true;
  }

  /**
   * Takes the server's answer to a subscription since `last`. True for a gap: the server said so, or its log is behind of what
   * we know already, as after a backup was restored.
   */
  resumed({ resume, next_seq }: { resume: 'ok' | 'gap'; next_seq: number }): boolean {
    const gap = this.#last !== null && (resume === 'gap' || this.#last >= next_seq);
    if (gap || this.#last === null) this.#last = next_seq - 1;
    this.#target = next_seq - 1;
    return gap;
  }

  /** Everything that was stored at `resumed` has arrived: the log may be forgotten up to there. */
  caughtUp(): void {
    if (this.#target !== null) this.#last = Math.max(this.#last ?? 0, this.#target);
  }
}
