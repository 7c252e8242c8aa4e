/** The terminal that the command line runs in, taken over while a session is attached and given back in every end. */
import { writeSync } from 'node:fs';
import type { ReadStream, WriteStream } from 'node:tty';
import { enterSequence, type LeftAt, leaveSequence } from './screen.ts';

/** Limits of the API (shared/api/base.ts). */
const COLS = { min: 2, max: 1000 };
const ROWS = { min: 1, max: 500 };
/** A terminal that tells no size is taken for the classic one. */
const UNKNOWN = { cols: 80, rows: 24 };

const ENDING_SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const;
export type EndingSignal = (typeof ENDING_SIGNALS)[number];

export interface DeskHandlers {
  onKeys(bytes: Uint8Array): void;
  onResize(): void;
  /** Back after a stop (`kill -STOP`, then `fg`): the screen must be drawn anew. */
  onContinue(): void;
  /** Somebody ends this program, or the terminal is gone (`SIGHUP`). */
  onSignal(signal: EndingSignal): void;
  /** Asked when the terminal is given back, whatever ends us. */
  leftAt(): LeftAt;
}

/** What a viewer needs of a terminal. */
export interface Desk {
  readonly size: { cols: number; rows: number };
  /** `done` is called once the terminal has taken it. */
  write(data: Uint8Array | string, done?: () => void): void;
  enter(handlers: DeskHandlers): void;
  /** Gives the terminal back. Twice is once. */
  leave(): void;
}

/** What of the process is listened to. */
type Signals = Pick<NodeJS.Process, 'on' | 'off'>;

export const isTerminal = (stdin: unknown, stdout: unknown): boolean =>
  (stdin as Partial<ReadStream>).isTTY === true && (stdout as Partial<WriteStream>).isTTY === true;

const within = (value: number | undefined, { min, max }: { min: number; max: number }, unknown: number): number =>
  value === undefined || value < 1 ? unknown : Math.min(Math.max(value, min), max);

/** Size of a terminal in cells, within the limits of the API. */
export function sizeOf(stdout: { columns?: number | undefined; rows?: number | undefined }): { cols: number; rows: number } {
  return { cols: within(stdout.columns, COLS, UNKNOWN.cols), rows: within(stdout.rows, ROWS, UNKNOWN.rows) };
}

/** The last words must be out before the process ends. A terminal that does not take them now is given up. */
function writeNow(stdout: WriteStream, text: string): void {
  const fd = (stdout as { fd?: number }).fd;
  try {
    if (typeof fd === 'number') writeSync(fd, text);
    else stdout.write(text);
  } catch {
    // the terminal is gone: nobody is left to see it
  }
}

export class TerminalDesk implements Desk {
  readonly #stdin: ReadStream;
  readonly #stdout: WriteStream;
  readonly #process: Signals;
  #undo: (() => void)[] = [];
  #leftAt: () => LeftAt = () => 'bottom';

  constructor(stdin: ReadStream, stdout: WriteStream, signals: Signals = process) {
    this.#stdin = stdin;
    this.#stdout = stdout;
    this.#process = signals;
  }

  get size(): { cols: number; rows: number } {
    return sizeOf(this.#stdout);
  }

  write(data: Uint8Array | string, done?: () => void): void {
    this.#stdout.write(data, () => done?.());
  }

  enter(handlers: DeskHandlers): void {
    const raw = (): void => {
      this.#stdin.setRawMode(true);
    };
    this.#leftAt = () => handlers.leftAt();
    raw();
    this.#undo.push(() => this.#stdin.setRawMode(false));
    const gone = (): void => handlers.onSignal('SIGHUP');
    this.#listen(this.#stdin, 'data', (bytes: Uint8Array) => handlers.onKeys(bytes));
    for (const event of ['end', 'error']) this.#listen(this.#stdin, event, gone);
    this.#listen(this.#stdout, 'error', gone);
    this.#listen(this.#stdout, 'resize', () => handlers.onResize());
    for (const signal of ENDING_SIGNALS) this.#listen(this.#process, signal, () => handlers.onSignal(signal));
    this.#listen(this.#process, 'SIGCONT', () => {
      raw();
      handlers.onContinue();
    });
    // An exception nobody caught is printed after this, on a terminal that shows it.
    const leave = (): void => this.leave();
    for (const event of ['exit', 'uncaughtExceptionMonitor']) this.#listen(this.#process, event, leave);
    this.#stdin.resume();
    this.#stdout.write(enterSequence(this.size.rows));
  }

  leave(): void {
    if (this.#undo.length === 0) return;
    const undo = this.#undo;
    this.#undo = [];
    writeNow(this.#stdout, leaveSequence(this.#leftAt(), this.size.rows));
    for (const step of undo.reverse()) {
      try {
        step();
      } catch {
        // setRawMode on a terminal that is gone; the rest must still be undone
      }
    }
    this.#stdin.pause();
  }

  #listen(target: object, event: string, listener: (...args: never[]) => void): void {
    const emitter = target as NodeJS.EventEmitter;
    emitter.on(event, listener as () => void);
    this.#undo.push(() => emitter.off(event, listener as () => void));
  }
}
