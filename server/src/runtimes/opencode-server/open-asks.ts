/** The asks of opencode that nobody has answered yet, and who answered those that are gone. */
import type { AgentAnswer, Ask, ChatUpdate } from '../../core/chat-ports.ts';
import { brief, type Loose, record, text } from '../loose.ts';
import { decided, type OpenAsk, permissionAsk, questionAsk } from './asks.ts';

type Decision = AgentAnswer['decision'] | 'unknown';

interface Asked extends OpenAsk {
  session_id: string;
  /** Our own answer is on its way. */
  answering: AgentAnswer | null;
}

export class OpenAsks {
  readonly #emit: (update: ChatUpdate) => void;
  readonly #asks = new Map<string, Asked>();
  /** What we answered last: opencode then answers others by itself. */
  #last: unknown = null;

  constructor(emit: (update: ChatUpdate) => void) {
    this.#emit = emit;
  }

  get size(): number {
    return this.#asks.size;
  }

  get(key: string): OpenAsk | null {
    return this.#asks.get(key) ?? null;
  }

  /** Its kind is told by what it holds. The call that it is about, where it shows what that would change. */
  ask(asked: Loose, session_id: string): Ask | null {
    const key = text(asked.id);
    if (key === null) {
      this.#emit({ type: 'unknown', kind: 'an ask without an id', text: brief(asked) });
      return null;
    }
    const ask = asked.questions === undefined ? permissionAsk(asked) : questionAsk(asked);
    this.#asks.set(key, { kind: ask.kind, questions: ask.questions.map(({ id }) => id), session_id, answering: null });
    this.#emit({ type: 'ask', key, ask });
    return ask;
  }

  answering(key: string, answer: AgentAnswer): void {
    const ask = this.#asks.get(key);
    if (ask !== undefined) ask.answering = answer;
  }

  /** How our answer ended: it has it, it knows no such ask any more, or it did not get it. */
  answered(key: string, how: 'taken' | 'gone' | 'failed', answer: AgentAnswer): void {
    const ask = this.#asks.get(key);
    if (how === 'taken') this.#taken(key, answer);
    else if (ask !== undefined) {
      ask.answering = null;
      // Who was first is told by an event that is on its way.
      if (how === 'gone' && this.#last !== null) this.#gone(key, decided(this.#last), 'agent');
    }
  }

  /** It tells that one is answered. What was decided; null when it is none of these. */
  replied(type: string, { requestID, reply }: Loose): Decision | null {
    const replies: Record<string, Decision> = { 'question.replied': 'answer', 'question.rejected': 'cancel' };
    const decision = type === 'permission.replied' ? decided(reply) : replies[type];
    if (decision === undefined) return null;
    const key = text(requestID) ?? '';
    const ask = this.#asks.get(key);
    // Heard before the answer to our own call.
    if (ask?.answering?.decision === decision) this.#taken(key, ask.answering);
    else this.#gone(key, decision, this.#byItself(decision) ? 'agent' : 'elsewhere');
    return decision;
  }

  /** Those of one conversation, or all, will not be answered any more. */
  close(decision: Decision, session_id?: string): void {
    for (const [key, ask] of [...this.#asks])
      if (session_id === undefined || ask.session_id === session_id) this.#gone(key, decision, 'agent');
    if (session_id === undefined) this.#last = null;
  }

  /** Exactly these are open. */
  reconcile(open: readonly Loose[], fallback: string): void {
    const ids = new Set(open.map((ask) => text(ask.id)));
    for (const key of [...this.#asks.keys()]) if (!ids.has(key)) this.#gone(key, 'unknown', 'elsewhere');
    for (const ask of open) if (!this.#asks.has(text(ask.id) ?? '')) this.ask(record(ask), text(ask.sessionID) ?? fallback);
  }

  /** A rejection takes all others of its turn with it, a permission for good those that it fits. */
  #byItself(decision: Decision): boolean {
    return (this.#last === 'reject' || this.#last === 'always') && decision === decided(this.#last);
  }

  #taken(key: string, answer: AgentAnswer): void {
    if (this.#asks.delete(key)) this.#last = answer.option_id;
  }

  #gone(key: string, decision: Decision, by: 'agent' | 'elsewhere'): void {
    if (this.#asks.delete(key)) this.#emit({ type: 'ask_gone', key, by, decision });
  }
}
