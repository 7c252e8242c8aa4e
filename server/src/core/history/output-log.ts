/** Turns what a terminal shows into `output` log entries: the lines that became visible since the entry before. */
import type { Clock } from '../ports.ts';
import { printable } from '../printable.ts';
import type { Screen } from '../terminal/screen.ts';

/** An entry is made when nothing was drawn for this long… */
const QUIET_MS = 1_000;
/** …or at the latest after this. */
const LATEST_MS = 5_000;
const ENTRY_CHARACTERS = 4 * 1024;

/** A line that differs only in digits and ornaments (clocks, counters, spinners) is the same line. */
const MOVING = /[^\p{L}]+/gu;
const essence = (line: string) => line.replace(MOVING, '');

/** What a screen showed when it was looked at last. */
export interface Seen {
  screen: Screen;
  rows: string[];
  top: { readonly line: number; dispose(): void } | null;
  shown: Set<string>;
}

export function lookAt(screen: Screen): Seen {
  const rows = screen.lines();
  return { screen, rows, top: screen.markTop(), shown: screen.alternate ? new Set(rows.map(essence)) : new Set() };
}

export class OutputLog {
  readonly #clock: Clock;
  readonly #screen: Screen;
  readonly #write: (text: string, linesLeftOut: number) => void;
  #timer: { cancel(): void } | null = null;
  #firstAt = 0;
  #lastAt = 0;
  #stopped = false;
  /** Rows of the normal screen at the last entry, and where their top is now. */
  #rows: string[] = [];
  #top: { readonly line: number; dispose(): void } | null = null;
  /** What the alternate screen showed at the last entry. */
  #shown = new Set<string>();

  constructor(clock: Clock, screen: Screen, write: (text: string, linesLeftOut: number) => void) {
    this.#clock = clock;
    this.#screen = screen;
    this.#write = write;
  }

  /** Something was drawn. */
  touch(): void {
    this.#lastAt = this.#clock.monotonic();
    if (this.#timer !== null || this.#stopped) return;
    this.#firstAt = this.#lastAt;
    this.#arm(QUIET_MS);
  }

  /** Writes what is new now. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = null;
    const lines = (this.#screen.alternate ? this.#newOnAlternate() : this.#newOnNormal()).map(printable);
    while (lines.length > 0 && lines.at(-1)!.trim() === '') lines.pop();
    while (lines.length > 0 && lines[0]!.trim() === '') lines.shift();
    if (lines.length === 0) return;
    const kept = newest(lines);
    this.#write(kept.join('\n'), lines.length - kept.length);
  }

  /** The screen was resized and its lines moved: they are not news. */
  rebase(): void {
    if (this.#screen.alternate) this.#newOnAlternate();
    else this.#keepNormal();
  }

  /** It was looked at before, by an earlier server: what became visible since is news. */
  goOn({ rows, top, shown }: Seen): void {
    this.#rows = rows;
    this.#top = top;
    this.#shown = shown;
    this.touch();
  }

  stop(): void {
    this.flush();
    this.#stopped = true;
    this.#top?.dispose();
  }

  #arm(ms: number): void {
    this.#timer = this.#clock.setTimeout(() => {
      const now = this.#clock.monotonic();
      const left = Math.min(this.#lastAt + QUIET_MS, this.#firstAt + LATEST_MS) - now;
      if (left > 0) this.#arm(left);
      else this.flush();
    }, ms);
  }

  #newOnNormal(): string[] {
    const top = this.#top?.line ?? 0;
    const before = top === -1 ? [] : this.#rows;
    const lines = this.#screen.lines(Math.max(0, top));
    this.#keepNormal();
    return lines.filter((line, i) => differs(before[i] ?? '', line));
  }

  #keepNormal(): void {
    this.#top?.dispose();
    this.#top = this.#screen.markTop();
    this.#rows = this.#screen.lines();
  }

  #newOnAlternate(): string[] {
    const lines = this.#screen.lines();
    const fresh = lines.filter((line) => essence(line) !== '' && !this.#shown.has(essence(line)));
    this.#shown = new Set(lines.map(essence));
    return fresh;
  }
}

/** An empty row that was filled counts whatever it holds; a filled one only when its words changed. */
function differs(before: string, after: string): boolean {
  if (before === after) return false;
  return before.trim() === '' || essence(before) !== essence(after);
}

/** The last lines that fit into an entry; of one endless line its end. */
function newest(lines: string[]): string[] {
  let size = 0;
  let from = lines.length;
  while (from > 0 && size + lines[from - 1]!.length < ENTRY_CHARACTERS) size += lines[--from]!.length + 1;
  return from === lines.length ? [lines.at(-1)!.slice(-ENTRY_CHARACTERS)] : lines.slice(from);
}
