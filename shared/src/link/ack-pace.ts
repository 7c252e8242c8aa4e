/** When a viewer tells the server what it has drawn (protocol 3.5). Pure; its owner asks `next` and does what it says. */

/** An eighth of what may be under way: the server never waits for an ack of a viewer that keeps up. */
export const ACK_BYTES = 32 * 1024;
/** The last bytes of a burst are acked after this, so that the server knows that the viewer has drained. */
export const ACK_MS = 50;

export type AckStep = { kind: 'ack'; offset: number } | { kind: 'wait'; ms: number } | { kind: 'rest' };

export class AckPace {
  readonly #now: () => number;
  #consumed = 0;
  #acked = 0;
  #waitingSince: number | null = null;
  /** A snapshot was drawn: the server may be waiting for just that. */
  #urgent = false;

  /** `now`: milliseconds from any fixed point. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** A snapshot arrived: everything below `offset` is on its way to the screen, or skipped. */
  reset(offset: number): void {
    this.#consumed = offset;
    this.#acked = offset;
    this.#waitingSince = null;
    this.#urgent = true;
  }

  /** The terminal has taken everything below `offset`. What came before the last snapshot is of no interest any more. */
  consumed(offset: number): void {
    if (offset < this.#consumed || (offset === this.#consumed && !this.#urgent)) return;
    this.#consumed = offset;
    this.#waitingSince ??= this.#now();
  }

  next(): AckStep {
    if (this.#waitingSince === null) return { kind: 'rest' };
    const elapsed = this.#now() - this.#waitingSince;
    const due = this.#urgent || this.#consumed - this.#acked >= ACK_BYTES || elapsed >= ACK_MS || elapsed < 0;
    if (!due) return { kind: 'wait', ms: ACK_MS - elapsed };
    this.#urgent = false;
    this.#waitingSince = null;
    this.#acked = this.#consumed;
    return { kind: 'ack', offset: this.#acked };
  }
}
