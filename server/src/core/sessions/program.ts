/** The program of a session at a terminal: what it runs in, whether it can be reached now, and how it is asked to end. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { SessionDeps } from '../deps.ts';
import type { ProcessExit, TerminalProcess, TerminalRuntime } from '../machine-ports.ts';
import type { SessionRow } from '../ports.ts';
import type { TerminalSession } from '../terminal/terminal.ts';
import { type Ending, endingOf } from './ending.ts';
import type { SessionState } from './state.ts';

export interface ProgramDeps {
  deps: SessionDeps;
  row: SessionRow;
  terminal: TerminalSession;
  state: SessionState;
  /** The session is over. */
  over(): boolean;
}

export class SessionProgram {
  readonly #of: ProgramDeps;
  #runtime: TerminalRuntime | null = null;
  /** When it started, on the monotonic clock; null: an earlier server started it. */
  #startedAt: number | null = null;
  /** Set when somebody ends it: what the session then becomes. */
  #asked: Ending | null = null;

  constructor(of: ProgramDeps) {
    this.#of = of;
  }

  get survives(): boolean {
    return this.#runtime?.survivesRestart ?? this.#of.row.runtime !== 'pty';
  }
  /** Null too once the session is over. */
  get attachCommand(): string | null {
    const { row, over } = this.#of;
    return over() ? null : (this.#runtime?.attachCommand(row.id, row.adopted) ?? null);
  }

  /** It is started now. */
  starts(runtime: TerminalRuntime): void {
    this.#startedAt = this.#of.deps.clock.monotonic();
    this.#runtime = runtime;
  }

  /** An earlier server started it, in this. */
  foundIn(runtime: TerminalRuntime): void {
    this.#runtime = runtime;
  }

  /** Errors: session_ended; unavailable while nobody reaches it. */
  running(): TerminalProcess {
    const { row, terminal, state, over } = this.#of;
    if (over()) throw new AfieldError('session_ended', `The session "${row.name}" has ended. Start a new one.`);
    if (state.cut !== null) throw new AfieldError('unavailable', `${state.cut} Try again when it is back.`);
    if (terminal.process !== null) return terminal.process;
    const what = this.#startedAt === null ? 'is being found again after a restart of the home server' : 'is just starting';
    throw new AfieldError('unavailable', `The session ${what}. Try again in a moment.`);
  }

  /** Errors: those of `running` and of the stop; it goes on, then. */
  stop(ending: Ending): Promise<void> {
    return this.#endBy(ending, (process) => process.stop());
  }

  /** It goes on without us. Errors: those of `running` and of the runtime. */
  release(ending: Ending): Promise<void> {
    return this.#endBy(ending, async () => this.#runtime?.release(this.#of.row.id));
  }

  /** What its session becomes when it ended so. */
  endingOf(exit: ProcessExit): Ending {
    const { deps, row } = this.#of;
    const afterMs = this.#startedAt === null ? Number.POSITIVE_INFINITY : deps.clock.monotonic() - this.#startedAt;
    return this.#asked ?? endingOf(exit, afterMs, row.output_bytes);
  }

  /** Only once its end is on disk: until then the next home server must be able to read it again. */
  forget(): void {
    const { deps, row } = this.#of;
    this.#runtime?.forget?.(row.id).catch((error: unknown) => deps.warn(`What is left of session ${row.id} could not be removed.`, error));
  }

  async #endBy(ending: Ending, act: (process: TerminalProcess) => Promise<void>): Promise<void> {
    const process = this.running();
    this.#asked ??= ending;
    this.#of.state.ending = true;
    try {
      await act(process);
    } catch (error) {
      // It goes on, then.
      this.#asked = null;
      this.#of.state.ending = false;
      throw error;
    }
  }
}
