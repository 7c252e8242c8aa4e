import { type Io, note } from '../io.ts';

/** Quicker than this needs no word. */
const SHOW_AFTER_MS = 1000;
const FRAME_MS = 120;
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const CLEAR_LINE = '\r\x1b[2K';

/**
 * Waits for `work` and, when it takes longer than a second, says on standard error what is being done: a turning line on a terminal,
 * one plain line elsewhere would end up in logs, so there it stays silent. The line is gone when the work is.
 */
export async function withProgress<T>(io: Io, what: string | (() => string), work: Promise<T>): Promise<T> {
  if (io.stderr.isTTY !== true) return work;
  const started = io.now();
  let shown = false;
  const draw = (): void => {
    const seconds = Math.floor((io.now() - started) / 1000);
    const frame = FRAMES[Math.floor((io.now() - started) / FRAME_MS) % FRAMES.length] as string;
    shown = true;
    io.stderr.write(`${CLEAR_LINE}${frame} ${typeof what === 'string' ? what : what()} … ${seconds} s`);
  };
  let turning: NodeJS.Timeout | undefined;
  const first = setTimeout(() => {
    draw();
    turning = setInterval(draw, FRAME_MS);
  }, SHOW_AFTER_MS);
  try {
    return await work;
  } finally {
    clearTimeout(first);
    clearInterval(turning);
    if (shown) io.stderr.write(CLEAR_LINE);
  }
}

/** A line that is written anew in its place on a terminal, and only when it changes anything else elsewhere. */
export class StatusLine {
  readonly #io: Io;
  #shown = false;

  constructor(io: Io) {
    this.#io = io;
  }

  /** Elsewhere than on a terminal nothing is shown. */
  show(text: string): void {
    if (this.#io.stderr.isTTY !== true) return;
    this.#shown = true;
    this.#io.stderr.write(`${CLEAR_LINE}${text}`);
  }

  /** Removes it; `text` stays in its place. */
  end(text?: string): void {
    if (this.#shown) this.#io.stderr.write(CLEAR_LINE);
    this.#shown = false;
    if (text !== undefined) note(this.#io, text);
  }
}
