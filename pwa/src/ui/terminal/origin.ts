import type { IMarker, Terminal } from '@xterm/xterm';

/**
 * Gives rows a number that stays theirs while the terminal throws its first rows away: that of the first row which is kept. Xterm
 * tells no such thing; a marker on the last row above the screen shows by how much the rows have moved.
 */
export class Origin {
  /** Number of row 0. Negative once older lines were put above those that were there first. */
  first = 0;
  readonly #terminal: Pick<Terminal, 'buffer' | 'registerMarker'>;
  readonly #most: number;
  /** Rows above the screen. */
  #base = 0;
  #marker: IMarker | null = null;
  #markedAt = 0;
  #held = false;

  /** `most`: rows that are kept above the screen. */
  constructor(terminal: Pick<Terminal, 'buffer' | 'registerMarker'>, most: number) {
    this.#terminal = terminal;
    this.#most = most;
  }

  /** Call after every write. */
  moved(): void {
    const { active } = this.#terminal.buffer;
    if (active.type === 'alternate' || this.#held) return;
    // emptied: the screen keeps its number, and so what follows it
    if (active.baseY < this.#base) this.first += this.#base - active.baseY;
    else if (active.baseY >= this.#most && this.#marker !== null) {
      // a marker that scrolled out took along everything that was above the screen
      this.first += this.#marker.isDisposed ? this.#most : this.#markedAt - this.#marker.line;
    }
    this.#mark();
  }

  /** The terminal is about to be drawn anew with more rows above the screen: its parts are no moves. */
  hold(): void {
    this.moved();
    this.#held = true;
  }

  /** It is: with so many more. */
  deepened(rows: number): void {
    this.#held = false;
    this.first -= rows;
    this.#mark();
  }

  #mark(): void {
    this.#marker?.dispose();
    this.#marker = null;
    const { baseY, cursorY, type } = this.#terminal.buffer.active;
    if (type === 'alternate') return;
    this.#base = baseY;
    if (baseY === 0) return;
    this.#markedAt = baseY - 1;
    this.#marker = this.#terminal.registerMarker(-cursorY - 1) ?? null;
  }
}
