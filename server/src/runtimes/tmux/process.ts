/** One session in a pane of tmux. */

import { AfieldError } from '@afield/shared/errors.ts';
import { pause } from '../../core/clock.ts';
import type { ProcessExit, TerminalProcess } from '../../core/machine-ports.ts';
import type { Member } from './connection.ts';
import { ControlEnded, TmuxRefusal } from './control.ts';
import { keyCommands } from './keys.ts';
import { type OutputParts, PaneOutput, WRITER_GONE } from './output.ts';
import type { PaneFacts } from './panes.ts';
import { quoted } from './quote.ts';
import type { SpoolFile } from './spools.ts';

/**
 * tmux takes whatever it is given and keeps it until the program reads. So a program that prints nothing meanwhile is given no more than
 * this, and by and by a little more; keys that a person presses always pass.
 */
const MAX_UNHEARD_BYTES = 1024 * 1024;
const FORGIVEN_BYTES_PER_MS = 64;
const KEYSTROKE_BYTES = 64;
/** A pane is dead, and tmux does not tell how its program ended: from older ones it cannot be had. */
const UNTOLD_MS = 3_000;
/** How long after the last output it is seen whether the program still runs. */
const QUIET_MS = 150;
const NUDGE_MS = 50;
/** Now and then tmux misses that a child of it ended, until the next one does. */
const NUDGE = 'run-shell -b "exit 0"';
const MAX_SIDE = 10_000;
/** Lines above its screen that an adopted program brings along. */
const ADOPTED_LINES = 2_000;

/** A line that is cut again and again while the last bytes are fetched. */
const END_TRIES = 100;
export const CLOSED = 'Its tmux window was closed.';
export const CLOSED_ELSEWHERE = 'It ended in its own tmux, or its window was closed there.';

export interface ProcessParts extends OutputParts {
  window: string;
  pid: number;
  /** False when its program ended, though nobody may have told; true too when nobody can tell. */
  runs(pid: number): boolean;
  /** Ends the whole process tree; `root`: pid of its first process while that runs. */
  endTree(root: number | null): Promise<void>;
  /** Whether another program holds the terminal. */
  foreign(facts: PaneFacts): boolean | null;
  /** Ours ends with its program and is removed then; another is only let go. */
  adopted: boolean;
}

export class TmuxProcess implements TerminalProcess, Member {
  readonly pid: number;
  readonly pane: string;
  readonly answered = true;
  onExit: TerminalProcess['onExit'] = () => {};
  onLine: TerminalProcess['onLine'] = () => {};
  readonly output: PaneOutput;
  readonly #parts: ProcessParts;
  #onOutput: TerminalProcess['onOutput'] = () => {};
  #onResync: TerminalProcess['onResync'] = () => {};
  #facts: PaneFacts | null = null;
  #deadSince: number | null = null;
  #size: { cols: number; rows: number } | null = null;
  #lastOutput = 0;
  #quiet: { cancel(): void } | null = null;
  #unheard = 0;
  #lastWrite = 0;
  #over = false;
  #left = false;

  constructor(parts: ProcessParts) {
    this.#parts = parts;
    this.pid = parts.pid;
    this.pane = parts.pane;
    this.output = new PaneOutput(parts, {
      bytes: (bytes, recovered) => {
        this.#unheard = 0;
        this.#lastOutput = parts.clock.monotonic();
        this.#checkSoon();
        this.#onOutput(bytes, recovered);
      },
      resync: (screen) => this.#onResync(screen),
    });
  }

  set onOutput(hear: TerminalProcess['onOutput']) {
    this.#onOutput = hear;
  }
  set onResync(hear: TerminalProcess['onResync']) {
    this.#onResync = hear;
  }

  /** From its first byte. */
  begin(size: { cols: number; rows: number }, facts: PaneFacts): void {
    this.#size = size;
    this.#facts = facts;
    this.#checkSoon();
    this.output.begin();
    this.#parts.connection.join(this);
  }

  /** As it is now: its screen first. */
  takeIn(size: { cols: number; rows: number }): void {
    this.#size = size;
    this.#first(() => this.output.rotate('It was adopted.', true, ADOPTED_LINES));
  }

  /** What was missed first. `facts`: null when its pane is gone, and `why`. */
  recover(
    { from, cols, rows }: { from: number; cols: number; rows: number },
    files: readonly SpoolFile[],
    facts: PaneFacts | null,
    why: string,
  ): void {
    this.#size = { cols, rows };
    this.#facts = facts;
    this.#first(async () => {
      await this.output.recover(from, files, facts !== null);
      if (facts === null) this.gone(why);
    });
  }

  /** Only then whoever asked for it can listen. */
  #first(work: () => Promise<void>): void {
    setImmediate(() => {
      const go = () => {
        if (this.#over) return;
        this.#parts.connection.join(this);
        if (this.#facts !== null) this.seen(this.#facts);
      };
      work().then(go, (error: unknown) => this.gone(`It cannot be followed: ${(error as Error).message}`));
    });
  }

  seen(facts: PaneFacts | null): void {
    if (this.#over) return;
    if (facts === null) this.gone(this.#parts.adopted ? CLOSED_ELSEWHERE : CLOSED);
    else this.#seenThere(facts);
  }

  #seenThere(facts: PaneFacts): void {
    this.#facts = facts;
    if (facts.dead) this.#died(facts);
    else {
      this.output.check(facts.piped, facts.activity);
      this.#checkSize(facts);
    }
  }

  gone(why: string): void {
    if (this.#over) return;
    this.#over = true;
    void this.#end({ code: null, signal: null, lost: why }, false);
  }

  line(line: { up: boolean; detail: string | null }): void {
    if (!this.#over) this.onLine(line);
  }

  write(bytes: Uint8Array): boolean {
    const { clock, connection, pane } = this.#parts;
    if (this.#over) return false;
    const now = clock.monotonic();
    this.#unheard = Math.max(0, this.#unheard - (now - this.#lastWrite) * FORGIVEN_BYTES_PER_MS);
    this.#lastWrite = now;
    if (this.#unheard + bytes.length > MAX_UNHEARD_BYTES && bytes.length > KEYSTROKE_BYTES) return false;
    if (!connection.send(...keyCommands(pane, bytes))) return false;
    this.#unheard += bytes.length;
    this.#checkSoon();
    return true;
  }

  foreignForeground(): boolean | null {
    return this.#over || this.#facts === null || this.#facts.dead ? null : this.#parts.foreign(this.#facts);
  }

  resize(cols: number, rows: number): void {
    if (this.#over) return;
    this.#size = { cols, rows };
    this.#resize(this.#facts);
  }

  pause(): void {
    this.output.pause();
  }

  resume(): void {
    this.output.resume();
  }

  kept(position: number): void {
    this.output.kept(position);
  }

  async stop(): Promise<void> {
    // Held back, its end would not be seen.
    this.resume();
    const over = this.#over || this.#deadSince !== null;
    await this.#parts.endTree(over ? null : this.pid);
    if (this.#over) return;
    this.#parts.connection.look();
    this.#checkSoon();
  }

  /** Nothing is read and nothing is told any more; tmux is left as it is. */
  leave(): void {
    this.#over = true;
    this.#left = true;
    this.#quiet?.cancel();
    this.output.stop();
    this.#parts.connection.leave(this);
  }

  #died(facts: PaneFacts): void {
    const { clock } = this.#parts;
    this.#deadSince ??= clock.monotonic();
    if (facts.exit === null && clock.monotonic() - this.#deadSince < UNTOLD_MS) this.#nudge();
    else {
      this.#over = true;
      void this.#end(facts.exit ?? { code: null, signal: null }, facts.piped);
    }
  }

  #nudge(): void {
    this.#parts.connection.send(NUDGE);
    this.#parts.clock.setTimeout(() => {
      if (!this.#over) this.#parts.connection.look();
    }, NUDGE_MS);
  }

  #checkSoon(): void {
    this.#quiet ??= this.#parts.clock.setTimeout(() => this.#checkRuns(), QUIET_MS);
  }

  /** Something happened, and then nothing for a while. */
  #checkRuns(): void {
    const { clock, runs, pid } = this.#parts;
    this.#quiet = null;
    if (this.#over) return;
    const left = this.#lastOutput + QUIET_MS - clock.monotonic();
    if (left > 0) this.#quiet = clock.setTimeout(() => this.#checkRuns(), left);
    else if (!runs(pid)) {
      this.#nudge();
      this.#checkSoon();
    }
  }

  /** Tells the end, once, after the last byte. */
  async #end(exit: ProcessExit, piped: boolean): Promise<void> {
    await this.#readToEnd(exit, piped);
    this.output.stop();
    this.#quiet?.cancel();
    this.#parts.connection.leave(this);
    if (!this.#left) this.onExit(exit);
  }

  async #readToEnd({ lost }: ProcessExit, piped: boolean): Promise<void> {
    const { clock, host } = this.#parts;
    let whole = piped;
    for (let tries = 0; tries < END_TRIES; tries++) {
      try {
        await this.output.finish(whole);
        if (!whole && lost === undefined) await this.output.lastScreen(WRITER_GONE);
        return;
      } catch (error) {
        if (isCut(error)) {
          if (!(await comesBack(host))) return;
          await pause(clock, NUDGE_MS);
        } else if (!whole || error instanceof TmuxRefusal) return;
        // tmux is gone meanwhile: what is in the spool is all there is.
        whole = false;
      }
    }
  }

  /** Somebody else changed the size: in our own tmux it is set again, in another it is what counts. */
  #checkSize(facts: PaneFacts): void {
    const { cols, rows } = this.#size ?? facts;
    if (facts.cols === cols && facts.rows === rows) return;
    if (this.#parts.adopted) {
      this.#size = { cols: facts.cols, rows: facts.rows };
      this.output.rotate('Its window has another size now.').catch(() => {});
    } else this.#resize(facts);
  }

  #resize(facts: PaneFacts | null): void {
    const { connection, window } = this.#parts;
    if (this.#size === null) return;
    // Beside others in its window a pane has less than all of it.
    const beside =
      facts === null || !this.#parts.adopted
        ? { cols: 0, rows: 0 }
        : { cols: facts.windowCols - facts.cols, rows: facts.windowRows - facts.rows };
    const side = (wanted: number, more: number) => Math.max(1, Math.min(wanted + more, MAX_SIDE));
    connection.send(`resize-window -t ${quoted(window)} -x ${side(this.#size.cols, beside.cols)} -y ${side(this.#size.rows, beside.rows)}`);
  }
}

function isCut(error: unknown): boolean {
  return error instanceof ControlEnded || (error instanceof AfieldError && error.code === 'machine_unreachable');
}

function comesBack(host: { up(): Promise<void> }): Promise<boolean> {
  return host.up().then(
    () => true,
    () => false,
  );
}
