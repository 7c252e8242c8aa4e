/** One running session: its program and its end, its logs and its prompts, around a terminal. Knows no socket and no agent's name. */
import type { Session } from '@afield/shared/api/sessions.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { CompanionFace } from '../chat/companion-face.ts';
import { pause, timestamp } from '../clock.ts';
import type { SessionDeps, SessionLimits } from '../deps.ts';
import type { Seen } from '../history/output-log.ts';
import type { SessionLog } from '../history/session-log.ts';
import { inTime } from '../in-time.ts';
import type { ProcessExit, TerminalProcess, TerminalRuntime } from '../machine-ports.ts';
import type { PromptRow, Recipe, SessionRow } from '../ports.ts';
import type { Prompts } from '../prompts/prompts.ts';
import type { Attachment, ViewerSink } from '../service.ts';
import type { Screen, ScreenSize } from '../terminal/screen.ts';
import type { TerminalSession } from '../terminal/terminal.ts';
import type { Track } from '../track.ts';
import type { Ending } from './ending.ts';
import type { Live, SessionChanges } from './live-sessions.ts';
import { joinParts } from './parts.ts';
import { SessionProgram } from './program.ts';
import { type SessionRecord, viewOf } from './record.ts';
import type { SessionState } from './state.ts';

/** Between two presses of the interrupt key: closer together they are taken for one. */
const INTERRUPT_GAP_MS = 150;
/** After its processes were ended, the last bytes are fetched: from a slow machine that takes a while. */
const END_SEEN_MS = 30_000;
const NEVER_STARTED = 'The home server ended while this was being started.';
const UNCONFIRMED = 'The home server ended before the agent showed that it took the text. Look at its terminal.';

export interface LiveOptions {
  deps: SessionDeps;
  limits: SessionLimits;
  recipe: Recipe;
  row: SessionRow;
  /** Empty for a new session; else what it showed last, and it goes on from there. */
  screen: Screen;
  /** Of its recording. */
  folder: string;
  /** Called when it has ended and everything about it is written. */
  gone: (session: LiveSession) => void;
}

export class LiveSession implements Live {
  readonly row: SessionRow;
  readonly terminal: TerminalSession;
  /** The chat face beside its terminal. */
  readonly chat: CompanionFace | null;
  readonly #options: LiveOptions;
  readonly #deps: SessionDeps;
  readonly #record: SessionRecord;
  readonly #log: SessionLog;
  readonly #state: SessionState;
  readonly #prompts: Prompts;
  readonly #program: SessionProgram;
  #over = false;
  readonly #connected = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#deps = options.deps;
    this.row = options.row;
    const parts = joinParts(options, {
      view: () => this.view(),
      printed: (bytes, recovered) => this.#printed(bytes, recovered),
      cancel: () => this.cancel().catch(() => {}),
    });
    this.#record = parts.record;
    this.terminal = parts.terminal;
    this.#log = parts.log;
    this.#state = parts.state;
    this.#prompts = parts.prompts;
    this.chat = parts.chat;
    this.#program = new SessionProgram({
      deps: this.#deps,
      row: this.row,
      terminal: this.terminal,
      state: parts.state,
      over: () => this.#over,
    });
  }

  get ended(): Promise<void> {
    return this.#ended.promise;
  }
  get survives(): boolean {
    return this.#program.survives;
  }
  get track(): Track {
    return this.#state.track;
  }
  get lastTypedAt(): number | null {
    return this.#state.lastTypedAt;
  }
  get viewers(): number {
    return this.terminal.viewers;
  }

  /** Gives it its program. Errors: those of `launch`; the session is then over. */
  async start(runtime: TerminalRuntime, launch: () => Promise<TerminalProcess>): Promise<void> {
    this.#program.starts(runtime);
    await this.terminal.record(this.#options.folder, this.#options.limits, this.#deps.disk);
    let process: TerminalProcess;
    try {
      process = await launch();
    } catch (error) {
      await this.#end({ status: 'failed', reason: (error as Error).message }, null);
      throw error;
    }
    this.#run(process);
    this.#state.watch(this.row.adopted === null);
  }

  /** What an earlier server knew of it is drawn and can be watched; its program is not found yet. `logged`: what its log tells already. */
  async prepare(logged: Seen | null): Promise<void> {
    this.#log.goOn(logged);
    this.#record.guarded(() => this.chat?.inherit());
    this.#record.guarded(() => this.#prompts.giveUp(UNCONFIRMED));
    this.terminal.holdSize(true);
    await this.terminal.record(this.#options.folder, this.#options.limits, this.#deps.disk);
    this.row.output_bytes = this.terminal.printed;
  }

  /** Finds its program again after `prepare`. `away_ms`: how long nobody of us listened. Errors: those of the runtime; try again. */
  async resume(runtime: TerminalRuntime, away_ms: number): Promise<void> {
    const { id: session_id, adopted } = this.row;
    const { cols, rows } = this.terminal.screen;
    const found = await runtime.resume({ session_id, from: this.terminal.printed, cols, rows, adopted });
    if (this.#over) return;
    this.#program.foundIn(runtime);
    if ('lost' in found) return this.lose(this.row.status === 'starting' && this.row.pid === null ? NEVER_STARTED : found.lost);
    if ('exit' in found) return this.#exited(found.exit);
    this.#run(found);
    this.#state.resumed(away_ms);
  }

  /** Its program is gone, and nobody saw how. */
  lose(reason: string): Promise<void> {
    return this.#end({ status: 'lost', reason }, null);
  }

  /** Its machine cannot be reached; `detail`: why. The program runs on all the same. */
  unreachable(detail: string | null): void {
    if (!this.#over) this.#state.line({ up: false, detail });
  }

  async reached(ms: number): Promise<void> {
    if (!this.#over && this.terminal.process === null) await inTime(this.#deps.clock, ms, () => this.#connected.promise.then(() => null));
  }

  view(): Session {
    return viewOf(this.row, {
      attach_command: this.#program.attachCommand,
      lease: this.terminal.lease,
      viewers: this.terminal.viewers,
      track: this.track.bars(this.#deps.clock.monotonic()),
      survives_restart: this.survives,
      pending_approvals: this.#deps.approvals.pending(this.row.id),
    });
  }

  readonly probe = () => this.#state.probe();

  async update({ model, mode, ...changes }: SessionChanges): Promise<void> {
    if (model !== undefined || mode !== undefined)
      throw new AfieldError('not_supported', 'These are chosen in its terminal: model and mode.');
    this.#record.change(changes, () => this.view());
    if (changes.budget_usd === undefined) return;
    this.#deps.usage.changed(this.row);
    this.budgeted();
  }

  /** Its budget is another one, or that of a new day: what waits may go. */
  budgeted(): void {
    if (this.chat?.budgeted() === true) this.#prompts.wake();
  }

  /** Errors: session_ended, unavailable when the program reads no input or nobody reaches it. */
  input(bytes: Uint8Array): void {
    const process = this.#program.running();
    this.#state.typed();
    if (process.write(bytes)) return;
    throw new AfieldError('unavailable', 'The program reads no input now. Wait until it does, or interrupt it.');
  }

  /** Takes the lease for a caller that watches nothing. Errors: session_ended, unavailable. */
  resize(size: ScreenSize, device_name: string): void {
    this.#program.running();
    this.terminal.resize(size, `api:${device_name}`, device_name);
  }

  /** Something for its log. */
  note(text: string): void {
    this.#record.log('system', text);
  }

  /** It begins with what another one knew; `words` tell so. */
  begins(words: string): void {
    this.note(words);
    this.chat?.transcript.notice('info', words);
  }

  prompted(row: PromptRow): void {
    this.#log.prompted(row);
    this.#prompts.wake();
  }
  takesNow(): boolean {
    return this.row.status === 'idle';
  }

  /** Errors: session_ended, unavailable. */
  async cancel(): Promise<void> {
    const { recipe } = this.#options;
    for (let i = 0; i < (recipe.interruptTimes ?? 1); i++) {
      if (i > 0) await pause(this.#deps.clock, INTERRUPT_GAP_MS);
      this.#program.running().write(Buffer.from(recipe.interrupt));
    }
    this.#record.log('system', 'Interrupted.');
  }

  /** Errors: those of the program's stop; unavailable when its end is not seen. */
  async stop(ending: Ending): Promise<void> {
    if (!this.#over) await this.#program.stop(ending);
    const seen = await inTime(this.#deps.clock, END_SEEN_MS, () => this.ended.then(() => true));
    if (seen !== true) throw new AfieldError('unavailable', `“${this.row.name}” was told to end, and has not yet. Look at it in a moment.`);
  }

  /** An adopted program goes on without us; `by`: who wanted that. Errors: session_ended, unavailable, conflict. */
  async release(ending: Ending, by: string): Promise<void> {
    await this.#program.release(ending);
    this.#record.log('system', `Released by ${by}.`);
    await this.#end(ending, null);
  }

  async leave(): Promise<void> {
    if (this.#over) return this.ended;
    this.#over = true;
    this.#state.stop();
    this.#prompts.stop();
    this.chat?.leave();
    await this.terminal.leave();
    this.#log.stop();
    await this.chat?.settled();
    this.#record.save({});
    this.#finish();
  }

  attach(sink: ViewerSink, options: ScreenSize & { lease: 'take' | 'look' }): Attachment {
    return this.terminal.attach(sink, options);
  }

  #run(process: TerminalProcess): void {
    process.onExit = (exit) => void this.#exited(exit);
    process.onLine = (line) => {
      if (!this.#over) this.#state.line(line);
    };
    this.terminal.run(process);
    this.#record.save({ pid: process.pid });
    this.chat?.begin();
    this.#connected.resolve();
  }

  #printed(bytes: number, recovered: boolean): void {
    this.row.output_bytes = this.terminal.printed;
    this.row.last_output_at = timestamp(this.#deps.clock);
    if (recovered) this.row.recovered_bytes += bytes;
    this.#state.printed(bytes, recovered);
    this.#record.saveSoon();
  }

  #exited(exit: ProcessExit): Promise<void> {
    return this.#end(this.#program.endingOf(exit), exit.code);
  }

  /** It is over, however that came. */
  async #end({ status, reason }: Ending, exit_code: number | null): Promise<void> {
    if (this.#over) return;
    this.#state.stop();
    this.#over = true;
    this.#record.guarded(() => this.chat?.over());
    try {
      await this.terminal.finish();
    } catch (error) {
      this.#deps.warn(`The last screen of session ${this.row.id} could not be kept.`, error);
    }
    this.#log.stop();
    this.#record.guarded(() => this.#prompts.abandon('The session ended before the text could be given to the agent.'));
    this.#state.become(status, reason, { exit_code, pid: null, ended_at: timestamp(this.#deps.clock) });
    this.#program.forget();
    await this.chat?.settled();
    this.#finish();
  }

  #finish(): void {
    this.#record.stop();
    this.terminal.dispose();
    this.#options.gone(this);
    this.#connected.resolve();
    this.#ended.resolve();
  }
}
