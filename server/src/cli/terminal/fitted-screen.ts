/**
 * A session's screen on a terminal of another size: the bytes go into a mirror of the session's own size, and the part of it around
 * the cursor is drawn, with a notice below. Raw bytes would wrap at the wrong column and scroll at the wrong line.
 */
import xterm from '@xterm/headless';
import { cut, pad } from '../print/width.ts';

type Mirror = InstanceType<typeof xterm.Terminal>;
type BufferCell = NonNullable<ReturnType<NonNullable<ReturnType<Mirror['buffer']['active']['getLine']>>['getCell']>>;

export interface Size {
  cols: number;
  rows: number;
}

const CSI = '\x1b[';
/** Every so often at most is the part drawn anew: 30 frames a second. */
export const FRAME_MS = 33;

function colour(cell: BufferCell, ground: 'fg' | 'bg'): string | null {
  const base = ground === 'fg' ? 30 : 40;
  const value = ground === 'fg' ? cell.getFgColor() : cell.getBgColor();
  if (ground === 'fg' ? cell.isFgRGB() : cell.isBgRGB()) return `${base + 8};2;${value >> 16};${(value >> 8) & 255};${value & 255}`;
  if (!(ground === 'fg' ? cell.isFgPalette() : cell.isBgPalette())) return null;
  if (value < 8) return String(base + value);
  return value < 16 ? String(base + 60 + value - 8) : `${base + 8};5;${value}`;
}

/** SGR of a cell, complete, from nothing. */
function sgr(cell: BufferCell): string {
  const codes = [
    cell.isBold() ? '1' : null,
    cell.isDim() ? '2' : null,
    cell.isItalic() ? '3' : null,
    cell.isUnderline() ? '4' : null,
    cell.isBlink() ? '5' : null,
    cell.isInverse() ? '7' : null,
    cell.isInvisible() ? '8' : null,
    cell.isStrikethrough() ? '9' : null,
    colour(cell, 'fg'),
    colour(cell, 'bg'),
  ].filter((code) => code !== null);
  return `${CSI}${['0', ...codes].join(';')}m`;
}

/** First line or column of a part of `size` cells that shows `at`, moved from `before` no more than it must. */
function follow(before: number, at: number, size: number, all: number): number {
  const shown = Math.min(Math.max(before, at - size + 1), at);
  return Math.max(0, Math.min(shown, all - size));
}

/** What of the session is in sight, counted from 1 as a person counts. */
export interface Sight {
  /** A part does not fit. */
  cropped: boolean;
  columns: { from: number; to: number };
  rows: { from: number; to: number };
  /** Moved by hand: the cursor is not followed. */
  panned: boolean;
}

export class FittedScreen {
  readonly #mirror: Mirror;
  #view: Size;
  #left = 0;
  #top = 0;
  #drawn: string[] = [];
  #modes = '';
  #cursorShown = true;
  #panned = false;
  #written: Promise<void> = Promise.resolve();

  /** `session`: size of the session; `view`: of the terminal here, whose last line is the notice's. */
  constructor(session: Size, view: Size) {
    this.#view = view;
    this.#mirror = new xterm.Terminal({ ...session, scrollback: 0, allowProposedApi: true });
    for (const final of ['h', 'l']) {
      this.#mirror.parser.registerCsiHandler({ prefix: '?', final }, (params) => {
        if (params.includes(25)) this.#cursorShown = final === 'h';
        return false;
      });
    }
  }

  /** Resolves when the bytes are in the mirror. */
  write(bytes: Uint8Array): Promise<void> {
    this.#written = new Promise((resolve) => this.#mirror.write(bytes, resolve));
    return this.#written;
  }

  /** The terminal here has another size now; the next drawing is complete. */
  setView(view: Size): void {
    this.#view = view;
    this.#drawn = [];
  }

  /** True when a part of the session's screen does not fit. */
  get cropped(): boolean {
    return this.#mirror.cols > this.#view.cols || this.#mirror.rows > this.#view.rows - 1;
  }

  get sight(): Sight {
    const { cols, rows } = this.#mirror;
    return {
      cropped: this.cropped,
      columns: { from: this.#left + 1, to: Math.min(cols, this.#left + this.#view.cols) },
      rows: { from: this.#top + 1, to: Math.min(rows, this.#top + this.#height) },
      panned: this.#panned,
    };
  }

  get #height(): number {
    return Math.max(1, this.#view.rows - 1);
  }

  /** Moves the part by halves of the view, and stays there until `follow`. */
  pan(columns: number, rows: number): void {
    this.#panned = true;
    const moved = (from: number, by: number, size: number, all: number): number =>
      Math.max(0, Math.min(from + by * Math.max(1, Math.floor(size / 2)), all - size));
    this.#left = moved(this.#left, columns, this.#view.cols, this.#mirror.cols);
    this.#top = moved(this.#top, rows, this.#height, this.#mirror.rows);
  }

  /** Back to the cursor, and to the left edge where that shows it. */
  follow(): void {
    if (!this.#panned) return;
    this.#panned = false;
    this.#left = 0;
    this.#top = 0;
  }

  /** Brings the cursor into sight, unless the part was moved by hand. */
  settle(): void {
    if (this.#panned) return;
    const { cursorX, cursorY } = this.#mirror.buffer.active;
    this.#top = follow(this.#top, cursorY, this.#height, this.#mirror.rows);
    this.#left = follow(this.#left, Math.min(cursorX, this.#mirror.cols - 1), this.#view.cols, this.#mirror.cols);
  }

  /** What to write so that the terminal shows the part around the cursor: only lines that changed since the last time. */
  draw(notice: string): string {
    this.settle();
    const height = this.#height;
    const { cursorX, cursorY, baseY } = this.#mirror.buffer.active;
    const lines = Array.from({ length: height }, (_, y) => this.#line(baseY + this.#top + y, this.#top + y));
    if (this.#view.rows > 1) lines.push(`${CSI}0;7m${pad(cut(notice, this.#view.cols), this.#view.cols)}${CSI}0m`);
    let out = `${CSI}?25l`;
    lines.forEach((line, y) => {
      if (this.#drawn[y] !== line) out += `${CSI}${y + 1};1H${line}`;
    });
    this.#drawn = lines;
    out += this.#modesChange();
    const x = Math.min(cursorX, this.#mirror.cols - 1) - this.#left;
    const y = cursorY - this.#top;
    if (x < 0 || x >= this.#view.cols || y < 0 || y >= height) return out;
    return `${out}${CSI}${y + 1};${x + 1}H${this.#cursorShown ? `${CSI}?25h` : ''}`;
  }

  #line(row: number, y: number): string {
    const line = y < this.#mirror.rows ? this.#mirror.buffer.active.getLine(row) : undefined;
    let out = '';
    let style = '';
    // cells after the last one that shows anything are left to the erase at the end
    let kept = 0;
    const end = Math.min(this.#mirror.cols, this.#left + this.#view.cols);
    for (let x = this.#left; line !== undefined && x < end; x++) {
      const cell = line.getCell(x);
      if (cell === undefined) break;
      const wide = cell.getWidth();
      const next = sgr(cell);
      if (next !== style) out += next;
      style = next;
      // half of a wide character at either edge is a blank
      if (wide === 0) out += x === this.#left ? ' ' : '';
      else out += x + wide > end ? ' ' : cell.getChars() || ' ';
      if (cell.getChars() !== '' || !cell.isAttributeDefault()) kept = out.length;
    }
    return `${out.slice(0, kept)}${CSI}0m${CSI}K`;
  }

  /** Modes that decide what keys and pastes send; mouse reports stay off, for their places would be wrong here. */
  #modesChange(): string {
    const { bracketedPasteMode, applicationCursorKeysMode } = this.#mirror.modes;
    const modes = `${CSI}?2004${bracketedPasteMode ? 'h' : 'l'}${CSI}?1${applicationCursorKeysMode ? 'h' : 'l'}`;
    if (modes === this.#modes) return '';
    this.#modes = modes;
    return modes;
  }

  dispose(): void {
    this.#mirror.dispose();
  }
}
