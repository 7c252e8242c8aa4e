/** The mirror: what a terminal of this session shows now, kept at home so that a viewer costs one snapshot and not the log. */
import { sizePrefix } from '@afield/shared/link/snapshot-size.ts';
import serializer from '@xterm/addon-serialize';
import headless, { type Terminal } from '@xterm/headless';
import { ScreenModes } from './screen-modes.ts';
import { SequenceGuard } from './sequence-guard.ts';
import { isAnswer } from './terminal-reports.ts';

/** Lines that rules about the screen see. */
const RULE_LINES = 24;
const TITLE_CHARACTERS = 200;
/** Control, format (bidi overrides, zero width) and unassigned characters, line and paragraph separators. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\u2028\u2029]/gu;

/** RIS (ECMA-48, 8.3.105). */
const FULL_RESET = '\x1bc';

export interface ScreenSize {
  cols: number;
  rows: number;
}

export class Screen {
  /** The program asked its terminal something; these bytes are the answer. */
  onAnswer: (bytes: Buffer) => void = () => {};
  onTitle: (title: string) => void = () => {};
  onBell: () => void = () => {};
  /** Bytes were parsed. */
  onParsed: () => void = () => {};
  readonly #term: Terminal;
  readonly #modes: ScreenModes;
  readonly #serializer = new serializer.SerializeAddon();
  #guard = new SequenceGuard();
  #received: number;
  #parsed: number;
  #disposed = false;

  /** `offset`: position in the byte log of the first byte that will be written. */
  constructor({ cols, rows }: ScreenSize, scrollback: number, offset = 0) {
    this.#received = offset;
    this.#parsed = offset;
    this.#term = new headless.Terminal({ cols, rows, scrollback, allowProposedApi: true, logLevel: 'off' });
    this.#term.loadAddon(this.#serializer);
    this.#modes = new ScreenModes(this.#term);
    this.#term.onData((report) => {
      if (isAnswer(report)) this.onAnswer(Buffer.from(report, 'latin1'));
    });
    this.#term.onTitleChange((title) => this.onTitle(title.replace(UNPRINTABLE, '').trim().slice(0, TITLE_CHARACTERS)));
    this.#term.onBell(() => this.onBell());
  }

  get cols(): number {
    return this.#term.cols;
  }
  get rows(): number {
    return this.#term.rows;
  }
  /** Position in the byte log up to which everything is on the screen. */
  get offset(): number {
    return this.#parsed;
  }
  /** Position in the byte log after everything that was written, on the screen or not yet. */
  get end(): number {
    return this.#received;
  }
  /** Bytes that were written and are not on the screen yet. */
  get behind(): number {
    return this.#received - this.#parsed;
  }
  get alternate(): boolean {
    return this.#term.buffer.active.type === 'alternate';
  }
  get bracketedPaste(): boolean {
    return this.#term.modes.bracketedPasteMode;
  }
  get cursor(): { x: number; y: number } {
    const { cursorX, cursorY } = this.#term.buffer.active;
    return { x: Math.min(cursorX, this.#term.cols - 1), y: cursorY };
  }

  /** Parsing happens later, in slices; `behind` tells how much is waiting. */
  write(bytes: Buffer): void {
    if (this.#disposed) return;
    this.#received += bytes.length;
    const whole = this.#guard.push(bytes);
    const upTo = this.#received - this.#guard.heldBytes.length;
    this.#term.write(whole, () => {
      this.#parsed = upTo;
      if (!this.#disposed) this.onParsed();
    });
  }

  /**
   * Bytes are missing: shows this instead, after everything written so far. `drawn`: escape sequences for an emptied terminal of this
   * size; they count in no position. What is written next stands at `at` of the byte log.
   */
  replace({ cols, rows }: ScreenSize, drawn: Buffer, at: number): void {
    if (this.#disposed) return;
    this.#received = at;
    this.#guard = new SequenceGuard();
    this.#term.write(FULL_RESET, () => {
      if (!this.#disposed) this.resize({ cols, rows });
    });
    this.#term.write(drawn, () => {
      this.#parsed = at;
      if (!this.#disposed) this.onParsed();
    });
  }

  /** Resolves when everything written so far is on the screen. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#disposed) resolve();
      else this.#term.write('', resolve);
    });
  }

  resize({ cols, rows }: ScreenSize): void {
    this.#term.resize(cols, rows);
    this.#modes.resized();
  }

  /** What a viewer is sent: the size, then the screen as `drawn` gives it. */
  async snapshot(): Promise<{ offset: number; bytes: Buffer }> {
    const { cols, rows, offset, bytes } = await this.drawn(0);
    return { offset, bytes: Buffer.concat([Buffer.from(sizePrefix({ cols, rows })), bytes]) };
  }

  /**
   * The screen, once it shows everything written so far, as escape sequences for an emptied terminal of its size. The bytes of the log
   * from `offset` on continue it exactly, even in the middle of a sequence or a character.
   */
  drawn(scrollback: number): Promise<ScreenSize & { offset: number; bytes: Buffer }> {
    const offset = this.#received;
    const begun = Buffer.concat([Buffer.from(this.#guard.opener), this.#guard.heldBytes]);
    return new Promise((resolve) => {
      const take = () => {
        const text = this.#serializer.serialize({ scrollback }) + this.#modes.serialize();
        resolve({ cols: this.cols, rows: this.rows, offset, bytes: Buffer.concat([Buffer.from(text), begun]) });
      };
      if (this.#disposed) take();
      else this.#term.write('', take);
    });
  }

  /** `text`: right-trimmed lines. `ansi`: with colours, for an emptied terminal. `html`: one `<pre>`, escaped. */
  render(format: 'text' | 'ansi' | 'html', scrollback: number): string {
    if (format === 'ansi') return this.#serializer.serialize({ scrollback, excludeModes: true }) + this.#modes.serialize();
    if (format === 'html') return this.#serializer.serializeAsHTML({ scrollback });
    const { active } = this.#term.buffer;
    return trimmed(this.lines(Math.max(0, active.baseY - scrollback))).join('\n');
  }

  /** Right-trimmed lines from a line of the buffer on; default: the visible ones. */
  lines(from = this.#term.buffer.active.baseY): string[] {
    const { active } = this.#term.buffer;
    const lines: string[] = [];
    for (let y = from; y < active.baseY + this.#term.rows; y++) lines.push(active.getLine(y)?.translateToString(true).trimEnd() ?? '');
    return lines;
  }

  /** The cursor's row with as many above and below it. */
  aroundCursor(rows: number): string {
    const { active } = this.#term.buffer;
    const at = active.cursorY;
    return this.lines()
      .slice(Math.max(0, at - rows), at + rows + 1)
      .join('\n');
  }

  /** What rules about the screen are matched against: the last lines that are not empty. */
  ruleText(): string {
    return trimmed(this.lines()).slice(-RULE_LINES).join('\n');
  }

  /** A mark at the top of the visible screen that moves with it; `line` becomes -1 when it scrolled out of what is kept. */
  markTop(): { readonly line: number; dispose(): void } | null {
    const { cursorY } = this.#term.buffer.active;
    return this.#term.registerMarker(-cursorY) ?? null;
  }

  dispose(): void {
    this.#disposed = true;
    this.#term.dispose();
  }
}

/** Without the empty lines at the end. */
function trimmed(lines: string[]): string[] {
  let end = lines.length;
  while (end > 0 && lines[end - 1]!.trim() === '') end--;
  return lines.slice(0, end);
}
