import type { Terminal } from '@xterm/headless';

/** DECSET numbers of the mouse encodings. */
const MOUSE_ENCODINGS = new Set([1005, 1006, 1015, 1016]);

type Region = { top: number; bottom: number } | null;

/** State of a terminal that its serializer leaves out, read from the sequences as they pass. */
export class ScreenModes {
  readonly #term: Terminal;
  #hidden = false;
  #mouseEncoding: number | null = null;
  #cursorStyle = 0;
  #lineDrawing = false;
  #regions: Record<'normal' | 'alternate', Region> = { normal: null, alternate: null };

  constructor(term: Terminal) {
    this.#term = term;
    const { parser } = term;
    parser.registerCsiHandler({ prefix: '?', final: 'h' }, (params) => this.#set(params, true));
    parser.registerCsiHandler({ prefix: '?', final: 'l' }, (params) => this.#set(params, false));
    parser.registerCsiHandler({ final: 'r' }, (params) => this.#region(params));
    parser.registerCsiHandler({ intermediates: ' ', final: 'q' }, ([style]) => {
      this.#cursorStyle = typeof style === 'number' && style <= 6 ? style : 0;
      return false;
    });
    parser.registerCsiHandler({ intermediates: '!', final: 'p' }, () => this.#reset());
    parser.registerEscHandler({ final: 'c' }, () => this.#reset());
    for (const final of ['0', 'B', 'A']) {
      parser.registerEscHandler({ intermediates: '(', final }, () => {
        this.#lineDrawing = final === '0';
        return false;
      });
    }
    term.buffer.onBufferChange((buffer) => {
      if (buffer.type === 'alternate') this.#regions.alternate = null;
    });
  }

  /** A resize makes the scroll region the whole screen again. */
  resized(): void {
    this.#regions = { normal: null, alternate: null };
  }

  /** Sequences that bring a freshly written screen into the same state, the cursor's place included. */
  serialize(): string {
    const { buffer, modes } = this.#term;
    const region = this.#regions[buffer.active.type];
    let text = region === null ? '' : `\x1b[${region.top};${region.bottom}r`;
    text += this.#cursor(modes.originMode && region !== null ? region.top - 1 : 0);
    if (this.#lineDrawing) text += '\x1b(0';
    if (this.#mouseEncoding !== null) text += `\x1b[?${this.#mouseEncoding}h`;
    if (this.#cursorStyle !== 0) text += `\x1b[${this.#cursorStyle} q`;
    return this.#hidden ? `${text}\x1b[?25l` : text;
  }

  /**
   * The serializer's own cursor is one column too far left on the alternate screen, so it is set again. A cursor behind the last
   * column cannot be addressed: the last character is printed once more to bring it there.
   */
  #cursor(rowsAbove: number): string {
    const { active } = this.#term.buffer;
    const row = active.cursorY + 1 - rowsAbove;
    if (active.cursorX < this.#term.cols) return `\x1b[${row};${active.cursorX + 1}H`;
    const line = active.getLine(active.baseY + active.cursorY);
    const last = this.#term.cols - 1;
    const column = line?.getCell(last)?.getWidth() === 0 ? last - 1 : last;
    return `\x1b[${row};${column + 1}H${line?.getCell(column)?.getChars() || ' '}`;
  }

  #set(params: (number | number[])[], on: boolean): boolean {
    for (const mode of params) {
      if (mode === 25) this.#hidden = !on;
      else if (typeof mode === 'number' && MOUSE_ENCODINGS.has(mode)) this.#mouseEncoding = on ? mode : null;
    }
    return false;
  }

  #region(params: (number | number[])[]): boolean {
    const rows = this.#term.rows;
    const [first, last] = params.map(Number);
    const top = Math.max(first || 1, 1);
    const bottom = last === undefined || last === 0 || last > rows ? rows : last;
    if (bottom > top) this.#regions[this.#term.buffer.active.type] = top === 1 && bottom === rows ? null : { top, bottom };
    return false;
  }

  #reset(): boolean {
    this.#hidden = false;
    this.#mouseEncoding = null;
    this.#cursorStyle = 0;
    this.#lineDrawing = false;
    this.resized();
    return false;
  }
}
