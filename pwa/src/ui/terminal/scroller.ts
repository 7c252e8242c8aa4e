/**
 * Scrolls a terminal as the browser scrolls everything else: with momentum, by finger, wheel and keyboard. Beside it stands a space as
 * high as all of its lines; the terminal moves along in it and shows the lines that are in sight.
 */
import type { Box } from './fit.ts';
import type { Place, Range } from './lines.ts';
import type { TerminalScreen } from './screen.ts';

/** Room around the characters. */
export const PADDING_PX = 4;
/** Height of what stands above the first line. */
export const HEAD_PX = 44;
/** Closer to the newest line than this, in lines, counts as there. */
const NEAR_LINES = 1.2;
/** So many lines above what is in sight stay too. */
const MARGIN_LINES = 20;

export interface ScrollState {
  /** Whatever comes is followed. */
  newest: boolean;
  /** Lines that came since it is not. */
  lines: number;
  /** Part of the screen that is in sight, 0 to 1. */
  sight: { left: number; top: number; width: number; height: number };
}

export interface ScrollParts {
  /** Scrolls. */
  box: HTMLElement;
  /** As large as all lines. */
  space: HTMLElement;
  /** Holds the terminal. */
  mount: HTMLElement;
}

export class Scroller {
  /** Whatever comes is followed. */
  newest = true;
  readonly #parts: ScrollParts;
  readonly #screen: TerminalScreen;
  readonly #onState: (state: ScrollState) => void;
  readonly #undo: (() => void)[] = [];
  #cell: Box | null = null;
  /** Top of what is in sight, in lines, by the numbers that lines keep. */
  #at = 0;
  /** Number of the newest line when following ended. */
  #leftAt = 0;
  /** Somebody moved sideways: the cursor is not followed there until something is typed. */
  #sideways = false;
  #expected = { left: 0, top: 0 };
  #frame = 0;
  #paused = false;

  constructor(parts: ScrollParts, screen: TerminalScreen, onState: (state: ScrollState) => void) {
    this.#parts = parts;
    this.#screen = screen;
    this.#onState = onState;
    const onScroll = () => this.#scrolled();
    parts.box.addEventListener('scroll', onScroll, { passive: true });
    this.#undo.push(() => parts.box.removeEventListener('scroll', onScroll));
    this.#undo.push(screen.onChange(() => this.#soon()));
    const drawn = new ResizeObserver(() => this.#soon());
    drawn.observe(parts.mount);
    this.#undo.push(() => drawn.disconnect());
    this.#soon();
  }

  /** Height of what stands above the lines: only ordinary screens have lines above them. */
  get head(): number {
    return this.#screen.terminal.buffer.active.type === 'alternate' ? 0 : HEAD_PX;
  }

  /** So many lines can be printed before what is in sight is pushed out. */
  room(): number {
    return this.#screen.free() + Math.floor(this.#at - this.#screen.origin()) - MARGIN_LINES;
  }

  /** The box or the characters have another size: what is in sight stays. */
  resized(): void {
    this.#sync();
  }

  toNewest(): void {
    this.newest = true;
    this.#sideways = false;
    this.#sync();
  }

  page(pages: number): void {
    this.#parts.box.scrollBy({ top: pages * this.#parts.box.clientHeight * 0.9 });
  }

  /** Brings a range into sight, with lines around it. */
  reveal({ start, end }: Range): void {
    const cell = this.#cell;
    if (cell === null) return;
    const { box } = this.#parts;
    const top = this.#rowTop(start.row);
    if (top < box.scrollTop + this.head || this.#rowTop(end.row) + cell.height > box.scrollTop + box.clientHeight) {
      box.scrollTop = top - box.clientHeight / 3;
    }
    const left = PADDING_PX + start.col * cell.width;
    const right = start.row === end.row ? PADDING_PX + end.col * cell.width : left + cell.width;
    if (left < box.scrollLeft || right > box.scrollLeft + box.clientWidth) box.scrollLeft = left - box.clientWidth / 3;
    this.#scrolled();
  }

  /** Two fingers are at work: nothing moves by itself. */
  pause(paused: boolean): void {
    this.#paused = paused;
    if (!paused) this.#sync();
  }

  /** The characters are so many times as large: the point of the space that was between the fingers stays there. */
  zoomed(ratio: number, at: { x: number; y: number }): void {
    const { box } = this.#parts;
    const to = { left: box.scrollLeft + at.x * (ratio - 1), top: box.scrollTop + (at.y - this.head) * (ratio - 1) };
    // once they are drawn
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        this.newest = false;
        this.#sync();
        box.scrollTo(to);
        this.#scrolled();
      }),
    );
  }

  /** The cell under a point of the page; null before anything is drawn. */
  placeAt(x: number, y: number): Place | null {
    const cell = this.#cell;
    if (cell === null) return null;
    const { left, top } = this.#parts.space.getBoundingClientRect();
    const row = Math.floor((y - top - this.head - PADDING_PX) / cell.height);
    const col = Math.floor((x - left - PADDING_PX) / cell.width);
    const { cols, buffer } = this.#screen.terminal;
    return { row: Math.min(Math.max(row, 0), buffer.active.length - 1), col: Math.min(Math.max(col, 0), cols - 1) };
  }

  /** Where the upper left corner of a cell is drawn in the space, and how large a cell is. */
  pointOf({ row, col }: Place): { left: number; top: number; cell: Box } | null {
    return this.#cell === null ? null : { left: PADDING_PX + col * this.#cell.width, top: this.#rowTop(row), cell: this.#cell };
  }

  /** Rows that are in sight. */
  rows(): { first: number; last: number } {
    const height = this.#cell?.height ?? 1;
    const first = Math.floor((this.#parts.box.scrollTop - this.head - PADDING_PX) / height);
    const last = Math.ceil((this.#parts.box.scrollTop + this.#parts.box.clientHeight - this.head - PADDING_PX) / height) - 1;
    return { first: Math.max(0, first), last: Math.min(last, this.#screen.terminal.buffer.active.length - 1) };
  }

  stop(): void {
    cancelAnimationFrame(this.#frame);
    for (const step of this.#undo) step();
  }

  #soon(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#sync();
    });
  }

  #rowTop(row: number): number {
    return this.head + PADDING_PX + row * (this.#cell?.height ?? 0);
  }

  /** Measures, makes the space as large as the lines, and scrolls to what should be in sight. */
  #sync(): void {
    if (this.#paused) return;
    this.#cell = this.#screen.cell() ?? this.#cell;
    const cell = this.#cell;
    if (cell === null) return;
    const { box, space } = this.#parts;
    const { cols, buffer } = this.#screen.terminal;
    space.style.width = `${Math.ceil(cols * cell.width) + 2 * PADDING_PX}px`;
    // the screen can be scrolled to the top even where it is smaller than the box
    const screen = Math.max(this.#screen.terminal.rows * cell.height + 2 * PADDING_PX, box.clientHeight);
    space.style.height = `${Math.ceil(this.#rowTop(buffer.active.baseY) - PADDING_PX + screen)}px`;
    if (this.newest) {
      this.#to(this.#sideways ? box.scrollLeft : this.#cursorLeft(cell), this.#newestTop(cell));
      this.#remember(cell);
    } else {
      const top = this.#rowTop(this.#at - this.#screen.origin());
      if (Math.abs(top - box.scrollTop) > 0.75) this.#to(box.scrollLeft, top);
    }
    this.#place(cell);
    this.#tell(cell);
  }

  /** The last line that says something stands at the bottom, and the cursor is in sight. */
  #newestTop(cell: Box): number {
    const { active } = this.#screen.terminal.buffer;
    const height = this.#parts.box.clientHeight;
    const screenTop = this.#rowTop(active.baseY) - PADDING_PX;
    if (this.#screen.terminal.rows * cell.height + 2 * PADDING_PX <= height) return screenTop;
    let last = active.length - 1;
    while (last > active.baseY + active.cursorY && active.getLine(last)?.translateToString(true).trim() === '') last--;
    const cursor = this.#rowTop(active.baseY + active.cursorY);
    const bottom = Math.max(screenTop, this.#rowTop(last + 1) + PADDING_PX - height);
    return Math.min(Math.max(bottom, cursor + cell.height + PADDING_PX - height), cursor - PADDING_PX);
  }

  #cursorLeft(cell: Box): number {
    const { box } = this.#parts;
    const cursor = PADDING_PX + this.#screen.terminal.buffer.active.cursorX * cell.width;
    // a fifth of the width stays free on the side to which is written
    if (cursor < box.clientWidth * 0.8) return 0;
    const inSight = cursor >= box.scrollLeft && cursor + cell.width <= box.scrollLeft + box.clientWidth;
    return inSight ? box.scrollLeft : cursor - box.clientWidth * 0.8;
  }

  #to(left: number, top: number): void {
    const { box } = this.#parts;
    box.scrollLeft = left;
    box.scrollTop = top;
    // what the browser made of it
    this.#expected = { left: box.scrollLeft, top: box.scrollTop };
  }

  #remember(cell: Box): void {
    this.#at = this.#screen.origin() + (this.#parts.box.scrollTop - this.head - PADDING_PX) / cell.height;
  }

  /** The browser has scrolled: for somebody, unless it was our own doing. */
  #scrolled(): void {
    const cell = this.#cell;
    const { box } = this.#parts;
    if (cell === null || this.#paused) return;
    const byHand = Math.abs(box.scrollTop - this.#expected.top) > 1.5 || Math.abs(box.scrollLeft - this.#expected.left) > 1.5;
    if (!byHand) return;
    if (Math.abs(box.scrollLeft - this.#expected.left) > 1.5) this.#sideways = true;
    this.#expected = { left: box.scrollLeft, top: box.scrollTop };
    const was = this.newest;
    const lowest = Math.min(this.#newestTop(cell), box.scrollHeight - box.clientHeight);
    this.newest = box.scrollTop >= lowest - NEAR_LINES * cell.height;
    if (was && !this.newest) this.#leftAt = this.#newestLine();
    this.#remember(cell);
    this.#place(cell);
    this.#tell(cell);
  }

  /** The terminal shows the lines in sight, and stands where they belong. */
  #place(cell: Box): void {
    const { box, mount } = this.#parts;
    const { baseY } = this.#screen.terminal.buffer.active;
    // a tenth of a line: the browser rounds where it scrolls to
    const row = Math.min(Math.max(Math.floor((box.scrollTop - this.head) / cell.height + 0.1), 0), baseY);
    this.#screen.scrollTo(row);
    mount.style.top = `${this.#rowTop(row)}px`;
  }

  #newestLine(): number {
    const { active } = this.#screen.terminal.buffer;
    return this.#screen.origin() + active.baseY + active.cursorY;
  }

  #tell(cell: Box): void {
    const { box } = this.#parts;
    const { cols, rows, buffer } = this.#screen.terminal;
    const all = { width: cols * cell.width + 2 * PADDING_PX, height: rows * cell.height + 2 * PADDING_PX };
    const screenTop = this.#rowTop(buffer.active.baseY) - PADDING_PX;
    this.#onState({
      newest: this.newest,
      lines: this.newest ? 0 : Math.max(0, this.#newestLine() - this.#leftAt),
      sight: {
        left: box.scrollLeft / all.width,
        top: (box.scrollTop - screenTop) / all.height,
        width: Math.min(1, box.clientWidth / all.width),
        height: Math.min(1, box.clientHeight / all.height),
      },
    });
  }
}
