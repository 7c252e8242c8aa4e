import type { TurnPiece, TurnReader } from './turn-reader.ts';

/** Pieces of a turn on their way to one reader: what makes them never waits, what reads them waits for the next. */
export class TurnPieces {
  readonly #pieces: TurnPiece[] = [];
  readonly #reader: Pick<TurnReader, 'over'>;
  #failure: unknown = null;
  #wake = () => {};

  /** `reader`: tells when nothing more can come. */
  constructor(reader: Pick<TurnReader, 'over'>) {
    this.#reader = reader;
  }

  /** Of those that nobody has read yet. */
  get length(): number {
    return this.#pieces.length;
  }

  /** What it makes; what it throws ends the reading, after the pieces before it. */
  add(make: () => TurnPiece[]): void {
    try {
      this.#pieces.push(...make());
      this.#wake();
    } catch (error) {
      this.fail(error);
    }
  }

  /** The first failure counts. */
  fail(error: unknown): void {
    this.#failure ??= error;
    this.#wake();
  }

  /** Until the turn is over; an aborted `signal` rejects with its reason. */
  async *all(signal?: AbortSignal): AsyncGenerator<TurnPiece> {
    const abort = () => this.fail(signal?.reason);
    signal?.addEventListener('abort', abort);
    if (signal?.aborted === true) abort();
    try {
      while (true) {
        const next = this.#pieces.shift();
        if (next !== undefined) yield next;
        else if (this.#failure !== null) throw this.#failure;
        else if (this.#reader.over) return;
        else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }
}
