/** A terminal with one line at its bottom that a person types in, and everything else above it. */
import { createInterface, emitKeypressEvents, type Interface } from 'node:readline';
import type { Io } from '../io.ts';

const PASTE_ON = '\x1b[?2004h';
const PASTE_OFF = '\x1b[?2004l';
const HISTORY = 200;

export interface LineHandlers {
  /** Typed and sent; what was pasted may hold several lines. */
  line(text: string): void;
  /** Ctrl-C on an empty line. */
  interrupt(): void;
  /** Ctrl-D on an empty line, Ctrl-\, or the terminal is gone. */
  leave(): void;
}

/** Not in the types of Node: how many rows of the prompt stand above the cursor. */
type Rows = { prevRows?: number };
interface Key {
  name?: string;
  sequence?: string;
}

export class LineDesk {
  readonly #lines: Interface;
  readonly #output: NodeJS.WritableStream;
  readonly #input: NodeJS.ReadableStream;
  /** Lines of a paste that were not sent yet; null: nothing was pasted. */
  #pasted: string[] | null = null;
  #pasting = false;
  #closed = false;
  readonly #onKey: (text: string | undefined, key: Key) => void;

  constructor(io: Pick<Io, 'stdin' | 'stdout'>, handlers: LineHandlers) {
    this.#input = io.stdin as NodeJS.ReadableStream;
    this.#output = io.stdout as NodeJS.WritableStream;
    emitKeypressEvents(this.#input);
    this.#onKey = (_text, { name, sequence }) => {
      if (name === 'paste-start') this.#pasting = true;
      else if (name === 'paste-end') this.#pasting = false;
      else if (sequence === '\x1c' && !this.#pasting) handlers.leave();
    };
    // Before readline hears of a key, so that a line end inside of a paste is known as such.
    this.#input.on('keypress', this.#onKey);
    this.#lines = createInterface({ input: this.#input, output: this.#output, terminal: true, historySize: HISTORY, prompt: '> ' });
    this.#lines.on('line', (text) => this.#typed(text, handlers));
    this.#lines.on('SIGINT', () => {
      if (this.#lines.line === '' && this.#pasted === null) handlers.interrupt();
      this.clear();
    });
    this.#lines.on('close', () => {
      if (!this.#closed) handlers.leave();
    });
    this.#output.write(PASTE_ON);
  }

  /** True while something is typed that was not sent. */
  get typing(): boolean {
    return this.#lines.line !== '' || this.#pasted !== null;
  }

  set prompt(text: string) {
    this.#lines.setPrompt(text);
    this.#draw();
  }

  /** Above the line. */
  print(lines: readonly string[]): void {
    if (this.#closed || lines.length === 0) return;
    const { rows } = this.#lines.getCursorPos();
    this.#output.write(`${rows > 0 ? `\x1b[${rows}A` : ''}\r\x1b[J${lines.join('\n')}\n`);
    (this.#lines as Rows).prevRows = 0;
    this.#draw();
  }

  /** Takes back what is typed. */
  clear(): void {
    this.#pasted = null;
    this.#lines.write(null, { ctrl: true, name: 'e' });
    this.#lines.write(null, { ctrl: true, name: 'u' });
  }

  /** Gives the terminal back. Twice is once. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#input.off('keypress', this.#onKey);
    const { rows } = this.#lines.getCursorPos();
    this.#output.write(`${PASTE_OFF}${rows > 0 ? `\x1b[${rows}A` : ''}\r\x1b[J`);
    this.#lines.close();
  }

  #typed(text: string, handlers: LineHandlers): void {
    if (this.#pasting) {
      this.#pasted = [...(this.#pasted ?? []), text];
      return;
    }
    const whole = [...(this.#pasted ?? []), text].join('\n');
    this.#pasted = null;
    handlers.line(whole);
    this.#draw();
  }

  #draw(): void {
    if (!this.#closed) this.#lines.prompt(true);
  }
}
