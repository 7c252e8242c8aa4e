/** Text of an open item, as it comes: whole lines, and words of a line that is longer than the terminal. */
import { printableLines } from '../print/printable.ts';
import { width } from '../print/width.ts';

export class StreamedText {
  #seen = '';
  /** How much of it was given as lines. */
  #given = 0;
  readonly #columns: number;

  constructor(columns: number) {
    this.#columns = Math.max(10, columns);
  }

  /** Lines that are complete now. `at`: UTF-16 units that stood before. Null: something is missing in between, so ask for the whole. */
  push(at: number, text: string): string[] | null {
    if (at > this.#seen.length) return null;
    this.#seen += text.slice(this.#seen.length - at);
    return this.#take();
  }

  /** The rest of it, as it is for good. Null: it is another text than what came. */
  end(text: string): string[] | null {
    if (!text.startsWith(this.#seen)) return null;
    this.#seen = text;
    const lines = this.#take();
    const rest = this.#seen.slice(this.#given).trimEnd();
    this.#given = this.#seen.length;
    return rest === '' ? lines : [...lines, printableLines(rest)];
  }

  #take(): string[] {
    const lines: string[] = [];
    for (let end = this.#next(); end > 0; end = this.#next()) {
      const line = this.#seen.slice(this.#given, this.#given + end);
      lines.push(printableLines(line.replace(/[ \r\n]+$/, '')));
      this.#given += end;
    }
    return lines;
  }

  /** Units of the next line that can be given: to its end, or as much as fits. 0: nobody knows yet. */
  #next(): number {
    const head = this.#seen.slice(this.#given, this.#given + this.#columns + 1);
    const newline = head.indexOf('\n');
    const line = newline < 0 ? head : head.slice(0, newline);
    if (line.length <= this.#columns && width(line) <= this.#columns) return newline + 1;
    let end = Math.min(line.length, this.#columns);
    while (end > 1 && width(line.slice(0, end)) > this.#columns) end--;
    // Nobody waits for the end of a paragraph to read its beginning: it is broken after a space, else anywhere but inside of a character.
    const space = line.lastIndexOf(' ', end);
    if (space > 0) return space + 1;
    return end > 1 && /[\ud800-\udbff]/.test(line.charAt(end - 1)) ? end - 1 : end;
  }
}
