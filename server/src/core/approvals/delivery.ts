/** Brings answers to agents: again and again until one has it, or does not ask any more. Knows what is open, and for whom. */
import type { ApprovalOutcome } from '@afield/shared/api/approvals.ts';
import { byWords, decisionWords } from '@afield/shared/approval-words.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { AgentAnswer } from '../chat-ports.ts';
import type { ApprovalRow } from '../chat-stores.ts';
import { timestamp } from '../clock.ts';
import type { Clock } from '../ports.ts';
import type { ApprovalBook } from './book.ts';

/** Pause before the next try, in ms: doubled each time, up to the last. */
const RETRY_MS = 250;
const MAX_RETRY_MS = 30_000;

const AT_AGENT = 'at the agent';

interface How {
  by: string;
  decision: AgentAnswer['decision'] | 'unknown';
  reason: string | null;
}

const NOT_ASKED: How = { by: AT_AGENT, decision: 'unknown', reason: 'When the answer came, the agent did not ask any more.' };

/** One approval that is open: held while it is, for at most 200 in a session. */
interface Open {
  id: string;
  session_id: string;
  bytes: number;
  deliver(answer: AgentAnswer): Promise<void>;
  /** On its way; null: nobody has answered. */
  answer: AgentAnswer | null;
  trying: boolean;
  tries: number;
  timer: { cancel(): void } | null;
  /** Heard while a try was under way, whose end decides. */
  gone: How | null;
}

export class ApprovalDelivery {
  readonly #book: ApprovalBook;
  readonly #clock: Clock;
  /** In the order in which they were asked. */
  readonly #open = new Map<string, Open>();

  constructor(book: ApprovalBook, clock: Clock) {
    this.#book = book;
    this.#clock = clock;
  }

  open({ id, session_id }: ApprovalRow, { bytes, deliver }: Pick<Open, 'bytes' | 'deliver'>): void {
    this.#open.set(id, { id, session_id, bytes, deliver, answer: null, trying: false, tries: 0, timer: null, gone: null });
  }

  /** What of a session waits for somebody. */
  of(session_id: string): { pending: number; bytes: number } {
    let pending = 0;
    let bytes = 0;
    for (const one of this.#open.values()) {
      if (one.session_id !== session_id) continue;
      bytes += one.bytes;
      if (one.answer === null) pending++;
    }
    return { pending, bytes };
  }

  /** Ids of what waits, oldest first. */
  *waiting(session_id?: string): Iterable<string> {
    for (const one of this.#open.values()) {
      if (one.answer === null && (session_id === undefined || one.session_id === session_id)) yield one.id;
    }
  }

  /** Answered. The agent hears of it after everybody who is here now. */
  begin(id: string, answer: AgentAnswer): void {
    const one = this.#open.get(id);
    if (one === undefined) return;
    one.answer = answer;
    one.trying = true;
    queueMicrotask(() => void this.#try(one, answer));
  }

  gone(id: string, how: How): void {
    const one = this.#open.get(id);
    if (one === undefined) return;
    if (one.trying) one.gone = how;
    else this.#over(one, how);
  }

  abandon(session_id: string, reason: string): void {
    for (const one of [...this.#open.values()]) {
      if (one.session_id === session_id) this.#over(one, { by: AT_AGENT, decision: 'unknown', reason });
    }
  }

  /** Of an earlier server. */
  lost(row: ApprovalRow, reason: string): void {
    this.#end(row, this.#outcome(row, { by: AT_AGENT, decision: 'unknown', reason }));
  }

  /** Nothing is tried any more. What is open is found by the next server. */
  close(): void {
    for (const { timer } of this.#open.values()) timer?.cancel();
    this.#open.clear();
  }

  async #try(one: Open, answer: AgentAnswer): Promise<void> {
    try {
      await one.deliver(answer);
    } catch (error) {
      if (this.#open.has(one.id)) this.#failed(one, answer, error);
      return;
    }
    const row = this.#open.delete(one.id) ? this.#book.get(one.id) : null;
    if (row === null) return;
    if (one.tries > 0) this.#book.log(row, 'The agent has the answer now.');
    const outcome = one.tries > 0 && row.outcome !== null ? { ...row.outcome, reason: null } : row.outcome;
    this.#book.tell('approval.resolved', this.#book.change(row, { state: 'delivered', outcome }));
  }

  #failed(one: Open, answer: AgentAnswer, error: unknown): void {
    one.trying = false;
    const unknown = error instanceof AfieldError && error.code === 'not_found';
    const how = one.gone ?? (unknown ? NOT_ASKED : null);
    if (how !== null) {
      this.#over(one, how);
      return;
    }
    if (one.tries++ === 0) this.#sayWhy(one.id, error);
    one.timer = this.#clock.setTimeout(
      () => {
        one.timer = null;
        one.trying = true;
        void this.#try(one, answer);
      },
      Math.min(RETRY_MS * 2 ** (one.tries - 1), MAX_RETRY_MS),
    );
  }

  /** Once: everybody sees that it is on its way, and why it is not there. */
  #sayWhy(id: string, error: unknown): void {
    const row = this.#book.get(id);
    if (row?.outcome == null) return;
    const why = error instanceof AfieldError ? error.message : 'The agent did not take it.';
    const reason = `Not delivered yet. ${why} It is tried again.`;
    this.#book.log(row, reason);
    this.#book.tell('approval.resolved', this.#book.change(row, { outcome: { ...row.outcome, reason } }));
  }

  #over(one: Open, how: How): void {
    one.timer?.cancel();
    if (!this.#open.delete(one.id)) return;
    const row = this.#book.get(one.id);
    if (row !== null) this.#end(row, this.#outcome(row, how));
  }

  #end(row: ApprovalRow, outcome: ApprovalOutcome): void {
    const changed = this.#book.change(row, { state: 'gone', outcome });
    this.#book.tell('approval.resolved', changed);
    const how = outcome.decision === 'unknown' ? 'It is not asked any more' : `${decisionWords(outcome)}, ${byWords(outcome)}`;
    this.#book.log(changed, `${how}.${outcome.reason === null ? '' : ` ${outcome.reason}`}`);
  }

  /** What it came to. An answer of ours that was not used is told of. */
  #outcome({ outcome: ours }: ApprovalRow, { by, decision, reason }: How): ApprovalOutcome {
    const at = timestamp(this.#clock);
    const late = ours === null ? null : `"${decisionWords(ours)}" ${byWords(ours)} did not reach the agent.`;
    const reasons = [late, reason].filter((one) => one !== null).join(' ');
    return {
      decision,
      scope: 'once',
      option_id: null,
      text: null,
      answers: {},
      by,
      rule_id: null,
      at,
      reason: reasons === '' ? null : reasons,
    };
  }
}
