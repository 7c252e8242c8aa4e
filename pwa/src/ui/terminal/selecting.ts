/** A selection made by fingers: a word first, then from one end to the other, in whole cells. */
import { before, type Place, type Range, wordAt } from './lines.ts';
import type { TerminalScreen } from './screen.ts';

/** The place behind a cell; at the end of a row it is the same as the beginning of the next. */
const behind = ({ row, col }: Place): Place => ({ row, col: col + 1 });

export class Selecting {
  readonly #screen: TerminalScreen;
  /** What stays selected while the finger that began drags on. */
  #anchor: Range | null = null;

  constructor(screen: TerminalScreen) {
    this.#screen = screen;
  }

  /** Begins with the word at a place, or with its cell. */
  begin(place: Place): void {
    this.#anchor = wordAt(this.#screen.terminal.buffer.active, place) ?? { start: place, end: behind(place) };
    this.#screen.select(this.#anchor);
  }

  /** The finger that began is here now: from the word where it began to here. */
  extend(place: Place): void {
    if (this.#anchor === null) return;
    const { start, end } = this.#anchor;
    if (before(place, start)) this.#screen.select({ start: place, end });
    else this.#screen.select({ start, end: before(place, end) ? end : behind(place) });
  }

  /** One end is moved to a cell; it does not pass the other. */
  moveEnd(end: 'start' | 'end', place: Place): void {
    const range = this.#screen.selection();
    if (range === null) return;
    if (end === 'start' && before(place, range.end)) this.#screen.select({ start: place, end: range.end });
    if (end === 'end' && !before(place, range.start)) this.#screen.select({ start: range.start, end: behind(place) });
  }

  /** All rows from the first to the last. */
  all(first: number, last: number): void {
    this.#screen.select({ start: { row: first, col: 0 }, end: { row: last, col: this.#screen.terminal.cols } });
  }

  clear(): void {
    this.#anchor = null;
    this.#screen.select(null);
  }
}
