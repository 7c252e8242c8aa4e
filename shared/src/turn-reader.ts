import type { Approval } from './api/approvals.ts';
import type { ChatItem } from './api/chat.ts';
import type { DeliveryState } from './api/prompts.ts';
import { ENDED, type Session } from './api/sessions.ts';
import type { UsageSum } from './api/usage.ts';
import { AfieldError } from './errors.ts';
import type { AfieldEvent, EventType } from './events.ts';

type ToolItem = Extract<ChatItem, { kind: 'tool' }>;

/** What comes of a prompt, as it comes. `usage`: of this turn alone; null while nothing was reported. */
export type TurnPiece =
  /** More of the agent's answer; an empty one with `done` is its end. */
  | { kind: 'text'; content: string; done: boolean }
  /** A tool call begins, or is over. */
  | { kind: 'tool'; item: ToolItem }
  /** The agent waits for an answer to it. */
  | { kind: 'approval'; approval: Approval }
  | { kind: 'complete'; usage: UsageSum | null; session: Session };

/** The events that `TurnReader` wants to hear, of its session. */
export const TURN_EVENTS = [
  'message.state_changed',
  'message.start',
  'message.chunk',
  'message.complete',
  'tool.call_start',
  'tool.call_complete',
  'tool.call_error',
  'approval.requested',
  'usage.updated',
  'session.status_changed',
] as const satisfies readonly EventType[];

const NOTHING: UsageSum = { turns: 0, input_tokens: 0, cached_tokens: 0, output_tokens: 0, cost_usd: null, unpriced_turns: 0 };

/**
 * Makes the pieces of one turn of the events of its session, in order: from the moment at which the agent is given the prompt until it
 * waits for the next. Whoever resumes and hears of a message as a whole gets the rest of it, nothing twice.
 */
export class TurnReader {
  readonly #prompt_id: string;
  readonly #before: UsageSum;
  #now: UsageSum | null = null;
  #given = false;
  #worked = false;
  #over = false;
  /** UTF-16 units of each of the agent's messages that were told. */
  readonly #told = new Map<string, number>();

  /** `before`: what the session had used before; null: nothing. */
  constructor(prompt_id: string, before: UsageSum | null) {
    this.#prompt_id = prompt_id;
    this.#before = before ?? NOTHING;
  }

  get over(): boolean {
    return this.#over;
  }

  /** Errors: unavailable when the prompt could not be given, or was taken back; with the reason. */
  read(event: AfieldEvent): TurnPiece[] {
    if (this.#over) return [];
    switch (event.type) {
      case 'message.state_changed':
        if (event.payload.prompt_id === this.#prompt_id) this.#became(event.payload);
        return [];
      case 'session.status_changed':
        return this.#status(event.payload.session);
      case 'usage.updated':
        this.#now = event.payload.usage.sum;
        return [];
      default:
        return this.#given ? this.#said(event) : [];
    }
  }

  /** The prompt was known already: what is still to come of it is told. Errors: as `read`. */
  resume(state: DeliveryState, session: Session): TurnPiece[] {
    this.#became({ state, reason: null });
    this.#worked = this.#given;
    return this.#status(session);
  }

  #became({ state, reason }: { state: DeliveryState; reason: string | null }): void {
    if (state === 'accepted' || state === 'consumed') this.#given = true;
    if (state !== 'stuck' && state !== 'withdrawn') return;
    this.#over = true;
    throw new AfieldError(
      'unavailable',
      reason ?? (state === 'stuck' ? 'The prompt could not be given to the agent.' : 'The prompt was taken back.'),
    );
  }

  #said(event: AfieldEvent): TurnPiece[] {
    switch (event.type) {
      case 'message.start':
      case 'message.complete':
        return this.#message(event.payload.item);
      case 'message.chunk':
        return this.#chunk(event.payload);
      case 'tool.call_start':
      case 'tool.call_complete':
      case 'tool.call_error':
        return event.payload.item.kind === 'tool' ? [{ kind: 'tool', item: event.payload.item }] : [];
      case 'approval.requested':
        return [{ kind: 'approval', approval: event.payload.approval }];
      default:
        return [];
    }
  }

  #message(item: ChatItem): TurnPiece[] {
    if (item.kind !== 'message' || item.role !== 'agent') return [];
    const told = this.#told.get(item.id) ?? 0;
    this.#told.set(item.id, Math.max(told, item.text.length));
    return text(item.text.slice(told));
  }

  #chunk({ item_id, at, text: more }: { item_id: string; at: number; text: string }): TurnPiece[] {
    const told = this.#told.get(item_id);
    // A thought, a tool's output, or one whose beginning was missed: it comes as a whole when it is complete.
    if (told === undefined || at > told || at + more.length <= told) return [];
    this.#told.set(item_id, at + more.length);
    return text(more.slice(told - at));
  }

  #status(session: Session): TurnPiece[] {
    if (session.status === 'busy' || session.status === 'waiting') this.#worked ||= this.#given;
    const ended = ENDED.has(session.status);
    if (!ended && !(session.status === 'idle' && this.#given && (this.#worked || this.#told.size > 0))) return [];
    this.#over = true;
    return [
      { kind: 'text', content: '', done: true },
      { kind: 'complete', usage: this.#used(), session },
    ];
  }

  #used(): UsageSum | null {
    const [now, before] = [this.#now, this.#before];
    if (now === null) return null;
    const less = (key: 'turns' | 'input_tokens' | 'cached_tokens' | 'output_tokens' | 'unpriced_turns') => now[key] - before[key];
    return {
      turns: less('turns'),
      input_tokens: less('input_tokens'),
      cached_tokens: less('cached_tokens'),
      output_tokens: less('output_tokens'),
      cost_usd: now.cost_usd === null ? null : now.cost_usd - (before.cost_usd ?? 0),
      unpriced_turns: less('unpriced_turns'),
    };
  }
}

function text(content: string): TurnPiece[] {
  return content === '' ? [] : [{ kind: 'text', content, done: false }];
}
