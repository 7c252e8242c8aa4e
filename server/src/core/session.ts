/** One running session: its state machine, its logs and its prompts, around a terminal. Knows no socket and no agent's name. */
import type { Prompt, Session, SessionStatus } from '@afield/shared/api/sessions.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { timestamp } from './clock.ts';
import type { SessionDeps, SessionLimits } from './deps.ts';
import { type Ending, endingOf } from './ending.ts';
import { InputLog } from './input-log.ts';
import type { Command, TerminalProcess, TerminalRuntime } from './machine-ports.ts';
import { OutputLog } from './output-log.ts';
import type { PromptRow, Recipe, SessionRow } from './ports.ts';
import { Prompts, type PromptTarget } from './prompts.ts';
import type { ScreenSize } from './screen.ts';
import type { Attachment, ViewerSink } from './service.ts';
import { SessionRecord, viewOf } from './session-record.ts';
import { type Reading, StateReader } from './state-reader.ts';
import { TerminalSession } from './terminal.ts';
import { Track } from './track.ts';

/** A bell is noted this often at most. */
const BELL_MS = 10_000;
/** Between two presses of the interrupt key: closer together they are taken for one. */
const INTERRUPT_GAP_MS = 150;
const LOGGED_PROMPT_CHARACTERS = 4 * 1024;

export interface LiveOptions {
  deps: SessionDeps;
  limits: SessionLimits;
  recipe: Recipe;
  runtime: TerminalRuntime;
  row: SessionRow;
  /** Of its recording. */
  folder: string;
  /** Called when it has ended and everything about it is written. */
  gone: (session: LiveSession) => void;
}

export class LiveSession {
  readonly row: SessionRow;
  readonly terminal: TerminalSession;
  readonly track: Track;
  /** Resolves after `gone`. */
  readonly ended: Promise<void>;
  readonly #options: LiveOptions;
  readonly #deps: SessionDeps;
  readonly #record: SessionRecord;
  readonly #reader: StateReader;
  readonly #outputLog: OutputLog;
  readonly #inputLog: InputLog;
  readonly #prompts: Prompts;
  readonly #startedAt: number;
  #title = '';
  #lastTyped = Number.NEGATIVE_INFINITY;
  #lastBell = Number.NEGATIVE_INFINITY;
  /** Set when somebody ends it: what it then becomes. */
  #asked: Ending | null = null;
  #over = false;
  #markEnded: () => void = () => {};

  constructor(options: LiveOptions) {
    const { deps, limits, recipe, row } = options;
    const { clock } = deps;
    this.#options = options;
    this.#deps = deps;
    this.row = row;
    this.#record = new SessionRecord(row, deps);
    this.ended = new Promise((resolve) => {
      this.#markEnded = resolve;
    });
    this.#startedAt = clock.monotonic();
    this.track = new Track(this.#startedAt);
    this.terminal = new TerminalSession(row, limits.scrollback, clock, {
      printed: (bytes) => this.#printed(bytes),
      drawn: () => this.#drawn(),
      title: (title) => this.#retitled(title),
      bell: () => this.#rang(),
      typed: (bytes, device_name) => this.#typed(bytes, device_name),
      resizing: () => this.#outputLog.flush(),
      resized: (size, lease) => {
        this.#outputLog.rebase();
        this.#record.save(size);
        this.#record.publish('session.resized', { ...size, lease });
      },
      unrecorded: (reason) => this.#record.log('system', reason),
    });
    const { screen } = this.terminal;
    this.#outputLog = new OutputLog(clock, screen, (text, left) =>
      this.#record.log('output', text, left === 0 ? undefined : { lines_left_out: left }),
    );
    this.#inputLog = new InputLog(clock, (device_name, bytes) =>
      this.#record.log('input', `${device_name} typed ${bytes} bytes.`, { device_name, bytes }),
    );
    const signals = {
      title: () => this.#title,
      screen: () => screen.ruleText(),
      alternate: () => screen.alternate,
      foreignForeground: () => this.terminal.process?.foreignForeground() ?? null,
    };
    this.#reader = new StateReader(recipe, clock, signals, (reading) => this.#read(reading));
    this.#prompts = new Prompts(row.id, { store: deps.store.prompts, clock }, this.#promptTarget(), {
      changed: (prompt_id, state, reason) => this.#record.publish('message.state_changed', { prompt_id, state, reason }),
      fault: (error) => deps.warn(`Prompts of session ${row.id} cannot be delivered.`, error),
    });
  }

  /** Errors: start_failed; the session is then over. */
  async start(command: Command): Promise<void> {
    await this.terminal.record(this.#options.folder, this.#options.limits.recordingBytes);
    let process: TerminalProcess;
    try {
      process = await this.#options.runtime.start(command, { cols: this.row.cols, rows: this.row.rows });
    } catch (error) {
      await this.#end({ status: 'failed', reason: (error as Error).message }, null);
      throw error;
    }
    this.terminal.run(process);
    process.onExit = (exit) => {
      const afterMs = this.#deps.clock.monotonic() - this.#startedAt;
      void this.#end(this.#asked ?? endingOf(exit, afterMs, this.row.output_bytes), exit.code);
    };
    this.#record.save({ pid: process.pid });
  }

  view(): Session {
    const { clock } = this.#deps;
    const { runtime } = this.#options;
    return viewOf(this.row, {
      attach_command: this.#over ? null : runtime.attachCommand(this.row.id, this.row.adopted),
      lease: this.terminal.lease,
      viewers: this.terminal.viewers,
      track: this.track.bars(clock.monotonic()),
      survives_restart: runtime.survivesRestart,
    });
  }

  update(changes: Partial<Pick<SessionRow, 'name' | 'pinned' | 'archived'>>): void {
    this.#deps.store.sessions.update(this.row.id, changes);
    this.#record.save(changes);
    this.#record.publish('session.renamed', { session: this.view() });
  }

  /** On the monotonic clock; null: nobody has typed. */
  get lastTypedAt(): number | null {
    return Number.isFinite(this.#lastTyped) ? this.#lastTyped : null;
  }

  /** Errors: session_ended, unavailable when the program reads no input. */
  input(bytes: Uint8Array): void {
    const process = this.#running();
    this.#lastTyped = this.#deps.clock.monotonic();
    this.#reader.input();
    if (process.write(bytes)) return;
    throw new AfieldError('unavailable', 'The program reads no input now. Wait until it does, or interrupt it.');
  }

  /** Takes the lease for a caller that watches nothing. Errors: session_ended. */
  resize(size: ScreenSize, device_name: string): void {
    this.#running();
    this.terminal.resize(size, `api:${device_name}`, device_name);
  }

  /** The prompt is on disk already. */
  prompted(row: PromptRow): void {
    const text = row.content.slice(0, LOGGED_PROMPT_CHARACTERS);
    this.#record.log('input', text, { prompt_id: row.id, characters: row.content.length });
    this.#prompts.wake();
  }

  /** Errors: session_ended. */
  async cancel(): Promise<void> {
    const { recipe } = this.#options;
    for (let i = 0; i < (recipe.interruptTimes ?? 1); i++) {
      if (i > 0) await new Promise<void>((resolve) => this.#deps.clock.setTimeout(resolve, INTERRUPT_GAP_MS));
      this.#running().write(Buffer.from(recipe.interrupt));
    }
    this.#record.log('system', 'Interrupted.');
  }

  /** Ends the whole process tree; resolves when everything is written. */
  async stop(ending: Ending): Promise<void> {
    this.#asked ??= ending;
    await this.terminal.process?.stop();
    await this.ended;
  }

  attach(sink: ViewerSink, options: ScreenSize & { lease: 'take' | 'look' }): Attachment {
    return this.terminal.attach(sink, options);
  }

  #printed(bytes: number): void {
    const { clock } = this.#deps;
    this.row.output_bytes += bytes;
    this.row.last_output_at = timestamp(clock);
    this.track.output(bytes, clock.monotonic());
    this.#record.saveSoon();
  }

  #drawn(): void {
    this.#reader.output();
    this.#outputLog.touch();
  }

  #retitled(title: string): void {
    this.#title = title;
    this.row.title = title === '' ? null : title;
    this.#reader.title();
    this.#record.saveSoon();
  }

  #rang(): void {
    const now = this.#deps.clock.monotonic();
    if (now - this.#lastBell < BELL_MS) return;
    this.#lastBell = now;
    this.#record.log('system', 'The program rang the bell.');
  }

  #typed(bytes: number, device_name: string): void {
    this.#lastTyped = this.#deps.clock.monotonic();
    this.#reader.input();
    this.#inputLog.typed(device_name, bytes);
  }

  #read({ status, reason }: Reading): void {
    if (!this.#over && this.#asked === null) this.#become(status, reason);
  }

  /** The one place where a status changes. */
  #become(status: SessionStatus, status_reason: string | null, more: Partial<SessionRow> = {}): void {
    const previous = this.row.status;
    this.track.waiting(status === 'waiting', this.#deps.clock.monotonic());
    this.#record.save({ ...more, status, status_reason });
    this.#record.publish('session.status_changed', { session: this.view(), previous });
    if (previous !== status)
      this.#record.log('state', status_reason === null ? status : `${status}: ${status_reason}`, { status, previous });
    this.#prompts.wake();
  }

  async #end({ status, reason }: Ending, exit_code: number | null): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.#reader.stop();
    try {
      await this.terminal.finish(this.#options.folder, this.#options.limits.scrollback);
    } catch (error) {
      this.#deps.warn(`The last screen of session ${this.row.id} could not be kept.`, error);
    }
    this.#outputLog.stop();
    this.#inputLog.flush();
    this.#record.guarded(() => this.#prompts.abandon('The session ended before the text could be given to the agent.'));
    this.#become(status, reason, { exit_code, pid: null, ended_at: timestamp(this.#deps.clock) });
    this.#record.stop();
    this.terminal.dispose();
    this.#options.gone(this);
    this.#markEnded();
  }

  #running(): TerminalProcess {
    const { process } = this.terminal;
    if (process !== null && !this.#over) return process;
    if (!this.#over && this.row.pid === null) throw new AfieldError('unavailable', 'The session is just starting. Try again.');
    throw new AfieldError('session_ended', `The session "${this.row.name}" has ended. Start a new one.`);
  }

  #promptTarget(): PromptTarget {
    const { recipe } = this.#options;
    const { terminal } = this;
    const takesText = () => this.row.status === 'idle' || (recipe.readyWhen === 'started' && this.row.status === 'busy');
    return {
      recipe,
      ready: () => !this.#over && terminal.process !== null && takesText(),
      busy: () => this.row.status === 'busy' || this.row.status === 'waiting',
      sinceTyped: () => this.#deps.clock.monotonic() - this.#lastTyped,
      write: (bytes) => {
        this.#reader.input();
        return terminal.process?.write(bytes) ?? false;
      },
      bracketedPaste: () => terminal.screen.bracketedPaste,
      screen: () => terminal.screen.lines().join('\n'),
      cursorRow: () => terminal.screen.aroundCursor(0),
      aroundCursor: () => terminal.screen.aroundCursor(2),
      printed: () => terminal.screen.offset,
    };
  }
}

export function promptView({ id, session_id, content, state, created_at }: PromptRow): Prompt {
  return { id, session_id, content, state, created_at };
}
