/** What an agent asks now: each goes to the desk of approvals, and its answer comes back through here. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { AgentAnswer, Ask, ChatUpdate } from '../chat-ports.ts';
import type { ApprovalDesk } from '../chat-service.ts';
import type { SessionDeps } from '../deps.ts';
import type { SessionRow } from '../ports.ts';
import { MAX } from './bounds.ts';
import type { Transcript } from './transcript.ts';

/** An agent that asks more at a time asks for nobody. */
const MAX_OPEN = 64;
/** A desk that cannot keep it (a full disk) is asked again after so long. */
const AGAIN_MS = 5_000;

type AskDeps = Pick<SessionDeps, 'approvals' | 'clock' | 'warn'>;

export interface AskEvents {
  transcript: Pick<Transcript, 'itemOfTool' | 'approval' | 'notice'>;
  /** Others wait now, or none does any more. */
  changed(): void;
  /** Hands an answer to the agent. Errors: those of `ChatAgent.answer`. */
  give(key: string, answer: AgentAnswer): Promise<void>;
}

interface Open {
  approval_id: string | null;
  /** Somebody has answered, or a rule. */
  answered: boolean;
  timer: { cancel(): void } | null;
}

type Gone = Extract<ChatUpdate, { type: 'ask_gone' }>;

export class Asks {
  readonly #row: SessionRow;
  readonly #deps: AskDeps;
  readonly #events: AskEvents;
  readonly #open = new Map<string, Open>();

  constructor(row: SessionRow, deps: AskDeps, events: AskEvents) {
    this.#row = row;
    this.#deps = deps;
    this.#events = events;
  }

  /** Asks that nobody has answered. */
  get waiting(): number {
    return [...this.#open.values()].filter(({ answered }) => !answered).length;
  }

  ask(key: string, ask: Ask): void {
    const before = this.#open.get(key);
    if (before !== undefined) this.#close(key, before, { by: 'the agent', decision: 'unknown', reason: 'The agent asked anew.' });
    else if (this.#open.size >= MAX_OPEN || key.length > MAX.id) {
      this.#refuse(key, ask);
      return;
    }
    const open: Open = { approval_id: null, answered: false, timer: null };
    this.#open.set(key, open);
    this.#hand(key, open, ask);
    this.#events.changed();
  }

  gone({ key, by, decision }: Gone): void {
    const open = this.#open.get(key);
    if (open === undefined) return;
    const reason = by === 'elsewhere' ? null : 'The agent does not wait for the answer any more.';
    this.#close(key, open, { by: by === 'elsewhere' ? 'at the agent' : 'the agent', decision, reason });
    this.#events.changed();
  }

  /** The turn is over: nothing waits for an answer. */
  over(reason: string): void {
    if (this.#open.size === 0) return;
    for (const [key, open] of [...this.#open]) this.#close(key, open, { by: 'the agent', decision: 'unknown', reason });
    this.#events.changed();
  }

  /** Its agent is gone. */
  abandon(reason: string): void {
    for (const open of this.#open.values()) open.timer?.cancel();
    this.#open.clear();
    this.#deps.approvals.abandon(this.#row.id, reason);
  }

  #hand(key: string, open: Open, ask: Ask): void {
    open.timer = null;
    try {
      const item_id = ask.tool_id === null ? null : this.#events.transcript.itemOfTool(ask.tool_id);
      const approval = this.#deps.approvals.ask(this.#row, { ask, item_id, deliver: (answer) => this.#deliver(key, open, answer) });
      open.approval_id = approval.id;
      if (approval.state !== 'pending') open.answered = true;
      this.#events.transcript.approval(approval.id);
    } catch (error) {
      this.#fault('What the agent asks cannot be kept now, so that nobody can answer it. It is tried again.', error);
      open.timer = this.#deps.clock.setTimeout(() => {
        if (this.#open.get(key) === open) this.#hand(key, open, ask);
      }, AGAIN_MS);
    }
  }

  async #deliver(key: string, open: Open, answer: AgentAnswer): Promise<void> {
    open.answered = true;
    if (this.#open.get(key) !== open) throw gone();
    this.#events.changed();
    await this.#events.give(key, answer);
    if (this.#open.get(key) === open) this.#open.delete(key);
    this.#events.changed();
  }

  #close(key: string, open: Open, how: Parameters<ApprovalDesk['gone']>[1]): void {
    open.timer?.cancel();
    this.#open.delete(key);
    if (open.approval_id !== null) this.#deps.approvals.gone(open.approval_id, how);
  }

  #refuse(key: string, ask: Ask): void {
    this.#fault('The agent asks more at a time than anybody could answer. This was refused.');
    const option_id = ask.options.find(({ decision }) => decision !== 'allow')?.id ?? null;
    this.#events.give(key, { option_id, decision: 'cancel', text: null, answers: {} }).catch(() => {});
  }

  /** It could not be kept, or was refused. */
  #fault(text: string, cause?: unknown): void {
    this.#events.transcript.notice('error', text);
    if (cause !== undefined) this.#deps.warn(`Session ${this.#row.id}: ${text}`, cause);
  }
}

const gone = () => new AfieldError('not_found', 'The agent does not wait for this answer any more.');
