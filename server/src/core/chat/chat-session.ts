/** One running session whose agent speaks: its agent's starts and ends, and who may do what with it. Knows no socket and no agent's name. */
import type { ChatState } from '@afield/shared/api/chat.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { timestamp } from '../clock.ts';
import type { SessionDeps } from '../deps.ts';
import type { PromptRow, SessionRow } from '../ports.ts';
import { type Ending, endingOf } from '../sessions/ending.ts';
import type { Live, SessionChanges } from '../sessions/live-sessions.ts';
import { viewOf } from '../sessions/record.ts';
import type { Track } from '../track.ts';
import type { AgentExit } from './agent-run.ts';
import { AgentStarts } from './agent-starts.ts';
import { line, MAX } from './bounds.ts';
import { type ChatContext, type ChatParts, joinParts } from './chat-parts.ts';
import { choose } from './choose.ts';
import type { Again } from './launch.ts';
import type { Transcript } from './transcript.ts';

const GOES_ON = 'It goes on with your next prompt.';
const NO_TERMINAL = 'This session has no terminal: read its messages, and send it prompts.';

export interface ChatOptions extends ChatContext {
  /** Something in it was said already. */
  used: boolean;
  /** Called when it has ended and everything about it is written. */
  gone(session: ChatSession): void;
}

export class ChatSession implements Live {
  readonly row: SessionRow;
  readonly lastTypedAt = null;
  readonly viewers = 0;
  readonly input = noTerminal;
  readonly resize = noTerminal;
  readonly attach = noTerminal;
  readonly release = noTerminal;
  readonly #deps: SessionDeps;
  readonly #parts: ChatParts;
  readonly #gone: (session: ChatSession) => void;
  readonly #used: boolean;
  readonly #starts: AgentStarts;
  /** Set when somebody ends it: what it then becomes. */
  #asked: Ending | null = null;
  /** Its agent is ended so that it can be started again: what is said then. */
  #replacing: string | null = null;
  #over = false;
  readonly #ended = Promise.withResolvers<void>();
  /** Room on the disk again. */
  readonly #unhear: (() => void) | undefined;

  constructor({ gone, used, ...context }: ChatOptions) {
    this.#deps = context.deps;
    this.#gone = gone;
    this.row = context.row;
    this.#used = used;
    this.#parts = joinParts(context, {
      view: () => this.view(),
      changed: () => this.#starts.wake(),
      exited: (exit) => void this.#exited(exit),
      ending: () => this.#ending,
      resumable: () => this.#resumable,
      replace: (why) => this.#replace(why),
      cancel: () => void this.cancel(),
    });
    this.#starts = new AgentStarts({
      deps: context.deps,
      row: context.row,
      parts: this.#parts,
      used: () => this.#wasUsed,
      over: () => this.#over,
      ending: () => this.#ending,
      failed: (reason) => void this.#end({ status: 'failed', reason }, null),
    });
    this.#unhear = context.deps.disk?.onChange((writing) => {
      if (!writing) return;
      this.transcript.keep();
      this.#starts.wake();
    });
  }

  get ended(): Promise<void> {
    return this.#ended.promise;
  }
  get survives(): boolean {
    return this.#resumable;
  }
  get track(): Track {
    return this.#parts.status.track;
  }
  get transcript(): Transcript {
    return this.#parts.transcript;
  }
  get state(): ChatState {
    return this.#parts.known.state;
  }
  get #resumable(): boolean {
    return !this.#wasUsed || (this.row.agent_session_id !== null && this.#parts.known.can.resume);
  }
  get #wasUsed(): boolean {
    return this.#used || this.transcript.used;
  }
  get #ending(): boolean {
    return this.#over || this.#asked !== null || this.#replacing !== null;
  }

  /** Gives it its agent; `first`: its very first. Errors: those of `AgentRun.start`; the session is then over. */
  async start(first: Again | null): Promise<void> {
    try {
      await (first === null ? this.#starts.beginAgain() : this.#starts.begin(first));
    } catch (error) {
      await this.#end({ status: 'failed', reason: line((error as Error).message, MAX.title) }, null);
      throw error;
    }
  }

  /** It had ended, and goes on. `before`: what it was. Errors: those of `start`; it is then over again. */
  async again(before: Session['status']): Promise<void> {
    this.row.status = before;
    this.#parts.run.leftover();
    this.#parts.status.become('starting', null, { ended_at: null, exit_code: null, pid: null });
    await this.start(null);
  }

  /** An earlier server started it, and this one goes on with it once it is given a prompt. `unconfirmed`: of prompts that it was being given. */
  goOn(unconfirmed: string, reaped: Promise<unknown>): void {
    this.#parts.run.leftover(reaped);
    this.#inherit(unconfirmed);
    this.#parts.asks.abandon('The home server ended.');
    this.#parts.status.become('idle', GOES_ON, { pid: null });
  }

  /** An earlier server started it, and nobody can go on with it. */
  lose(unconfirmed: string, reason: string): void {
    this.#inherit(unconfirmed);
    void this.#end({ status: 'lost', reason }, null);
  }

  view(): Session {
    return viewOf(this.row, {
      attach_command: null,
      lease: null,
      viewers: 0,
      track: this.track.bars(this.#deps.clock.monotonic()),
      survives_restart: this.survives,
      pending_approvals: this.#deps.approvals.pending(this.row.id),
    });
  }

  readonly probe = () => this.#parts.status.probe();
  async reached(): Promise<void> {}

  async update({ model, mode, ...changes }: SessionChanges): Promise<void> {
    const { record } = this.#parts;
    if (model !== undefined) await choose(this.#parts, 'model', model);
    if (mode !== undefined) await choose(this.#parts, 'mode', mode);
    record.change(changes, () => this.view());
    if (changes.budget_usd === undefined) return;
    this.#deps.usage.changed(this.row);
    this.budgeted();
  }

  /** Its budget is another one, or that of a new day: what waits may go. */
  budgeted(): void {
    const { budget, status } = this.#parts;
    const before = budget.reason;
    budget.look();
    if (before !== null && this.row.status === 'idle' && this.row.status_reason === before) status.become('idle', budget.reason);
    this.#starts.wake();
  }

  prompted(row: PromptRow, now: boolean): void {
    const { known, delivery } = this.#parts;
    if (now && known.can.steer) delivery.steer(row.id);
    this.#starts.wake();
  }
  takesNow(): boolean {
    return !this.#parts.turn.works || this.#parts.known.can.steer;
  }

  async cancel(): Promise<void> {
    const { turn, record, interrupt } = this.#parts;
    if (turn.works) record.log('system', 'Interrupted.');
    await interrupt.press();
  }

  async stop(ending: Ending): Promise<void> {
    if (!this.#over) {
      this.#asked ??= ending;
      await this.#parts.run.stop();
      // It had no agent, or none yet.
      await this.#end(this.#asked, null);
    }
    await this.ended;
  }

  async leave(): Promise<void> {
    if (this.#over) return this.ended;
    this.#over = true;
    const { transcript, run, known, record } = this.#parts;
    this.#quiet();
    transcript.flush();
    await run.stop();
    await known.settle();
    record.save({});
    this.#finish();
  }

  async #replace(why: string): Promise<void> {
    this.#replacing = why;
    await this.#parts.run.stop();
  }

  async #exited(exit: AgentExit): Promise<void> {
    if (this.#over) return;
    const why = this.#replacing;
    this.#replacing = null;
    if (why === null || this.#asked !== null) await this.#end(this.#asked ?? this.#endingOf(exit), exit.code);
    else if (!this.#resumable) await this.#end({ status: 'cancelled', reason: why }, exit.code);
    else {
      this.#agentGone(why);
      this.#parts.status.become('idle', `${why} ${GOES_ON}`, { pid: null });
    }
  }

  #endingOf(exit: AgentExit): Ending {
    if (exit.lost !== undefined) return { status: 'lost', reason: exit.lost };
    const ending = endingOf(exit, this.#starts.ranMs, 0);
    if (ending.status !== 'finished' && exit.detail.trim() !== '') this.transcript.notice('error', exit.detail.trim());
    return ending;
  }

  #inherit(unconfirmed: string): void {
    const { record, delivery } = this.#parts;
    record.guarded(() => delivery.giveUp(unconfirmed));
  }

  /** Nothing of it is waited for any more. */
  #agentGone(reason: string): void {
    const { asks, turn, interrupt, delivery } = this.#parts;
    asks.abandon(reason);
    turn.cut();
    interrupt.over();
    delivery.lost(reason);
  }

  /** It is over, however that came. */
  async #end({ status, reason }: Ending, exit_code: number | null): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    const { record, delivery, known } = this.#parts;
    this.#agentGone('The agent has ended.');
    record.guarded(() => delivery.abandon('The session ended before the text could be given to the agent.'));
    this.#parts.status.become(status, reason, { exit_code, pid: null, ended_at: timestamp(this.#deps.clock) });
    this.#quiet();
    const writing = known.settle();
    if (writing !== null) await writing;
    this.#finish();
  }

  #quiet(): void {
    const { status, delivery, interrupt } = this.#parts;
    status.stop();
    delivery.stop();
    interrupt.over();
    this.#starts.stop();
  }

  #finish(): void {
    this.#parts.record.stop();
    this.#unhear?.();
    this.#gone(this);
    this.#ended.resolve();
  }
}

/** Of a terminal alone. */
function noTerminal(): never {
  throw new AfieldError('not_supported', NO_TERMINAL);
}
