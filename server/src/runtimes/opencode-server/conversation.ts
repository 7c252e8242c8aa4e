/** One conversation of opencode as its events tell it: state, asks, plan, and what its messages hold. */
import type { AgentAnswer, ChatUpdate, TurnStop } from '../../core/chat-ports.ts';
import { BoundedMap } from '../bounded-map.ts';
import { brief, type Loose, record, records, text } from '../loose.ts';
import type { OpenAsk } from './asks.ts';
import { NO_EVENT } from './events.ts';
import { Messages, modelId } from './messages.ts';
import { OpenAsks } from './open-asks.ts';

/** Conversations of sub-agents, whose asks are this one's too. */
const MAX_CHILDREN = 1_000;
/** Events of a conversation that show nothing here, or that another one tells too. */
const SILENT = new Set([
  'session.created',
  'session.diff',
  'session.deleted',
  'message.removed',
  'message.part.removed',
  'command.executed',
  'permission.v2.asked',
  'permission.v2.replied',
  'question.v2.asked',
  'question.v2.replied',
  'question.v2.rejected',
]);
const STOPS: Record<string, TurnStop> = {
  MessageAbortedError: 'cancelled',
  MessageOutputLengthError: 'limit',
  ContextOverflowError: 'limit',
  ContentFilterError: 'refused',
};
const STEPS: Record<string, 'next' | 'now' | 'done'> = { pending: 'next', in_progress: 'now', completed: 'done' };

export interface Snapshot {
  status: Loose;
  /** Null: they were not told. */
  asks: Loose[] | null;
}

export class Conversation {
  readonly id: string;
  readonly messages: Messages;
  readonly #emit: (update: ChatUpdate) => void;
  /** `given`: a prompt is on its way and nothing of its turn was seen yet. */
  #phase: 'idle' | 'given' | 'busy' = 'idle';
  #told: 'running' | 'waiting' | null = null;
  #stop: TurnStop | null = null;
  #fault: string | null = null;
  #retries = 0;
  /** How often its events told of state or asks: what was looked up before one of them is out of date. */
  changes = 0;
  #title: string | null = null;
  /** Somebody said no, and nothing of the turn was seen after it. */
  #denied = false;
  readonly #asks: OpenAsks;
  /** Prompts that it has not shown yet. */
  readonly #given = new Map<string, { taken(): void; refused(why: string): void }>();
  readonly #family = new BoundedMap<true>(MAX_CHILDREN);

  /** What each kind of event does. */
  readonly #heard: Readonly<Record<string, (properties: Loose) => void>> = {
    'session.status': ({ status }) => this.#status(record(status)),
    'session.idle': () => this.#idle(),
    'session.error': ({ error }) => this.#error(record(error)),
    'session.updated': ({ info }) => this.#updated(record(info)),
    'session.compacted': () => this.#emit({ type: 'notice', level: 'info', text: 'opencode summarised the conversation.' }),
    'message.updated': ({ info }) => this.#message(record(info)),
    'message.part.updated': ({ part }) => this.messages.part(record(part)),
    'message.part.delta': (properties) => this.messages.delta(properties),
    'todo.updated': ({ todos }) => this.#plan(records(todos)),
  };

  constructor(id: string, emit: (update: ChatUpdate) => void, windowOf: (model: string) => number | null, since = 0) {
    this.id = id;
    this.#emit = emit;
    this.messages = new Messages(emit, windowOf, since);
    this.#asks = new OpenAsks(emit);
  }

  get idle(): boolean {
    return this.#phase === 'idle';
  }

  get begun(): boolean {
    return this.#phase === 'busy';
  }

  /** A prompt of ours goes out under this id. `taken` once it shows it, `refused` when it ends without. */
  give(message_id: string, on: { taken(): void; refused(why: string): void }): void {
    this.messages.hide(message_id);
    this.#given.set(message_id, on);
    if (this.#phase !== 'idle') return;
    this.#phase = 'given';
    this.#stop = null;
    this.#fault = null;
  }

  /** It did not go out. */
  takeBack(message_id: string): void {
    this.#given.delete(message_id);
    if (this.#phase === 'given' && this.#given.size === 0) this.#phase = 'idle';
  }

  /** Prompts that it has not shown will not be shown any more. */
  over(why: string): void {
    for (const { refused } of this.#given.values()) refused(why);
    this.#given.clear();
  }

  /** Whoever interrupts says so before. */
  interrupting(): void {
    if (this.#phase !== 'idle') this.#stop ??= 'cancelled';
  }

  asked(key: string): OpenAsk | null {
    return this.#asks.get(key) ?? null;
  }

  answering(key: string, answer: AgentAnswer): void {
    this.#asks.answering(key, answer);
  }

  /** How our answer ended: it has it, it knows no such ask any more, or it did not get it. */
  answered(key: string, how: 'taken' | 'gone' | 'failed', answer: AgentAnswer): void {
    this.#asks.answered(key, how, answer);
    if (how === 'taken') this.#denied ||= answer.decision === 'deny' || answer.decision === 'cancel';
    this.#tellState();
  }

  /** One event. Whatever it is, it throws nothing. */
  take(event: Loose): void {
    const properties = record(event.properties);
    const type = String(event.type);
    if (/^(?:session\.(?:status|idle|error)|permission\.|question\.)/.test(type)) this.changes += 1;
    if (type === NO_EVENT) this.#emit({ type: 'unknown', kind: 'no event', text: brief(event.text) });
    const session = text(properties.sessionID);
    const info = record(properties.info);
    if (type === 'session.created' && this.#isOurs(text(info.parentID))) this.#family.set(text(info.id) ?? '', true);
    if (session === this.id || (session === null && type === 'session.error' && this.#phase !== 'idle')) this.#own(type, properties);
    else if (session !== null && this.#isOurs(session)) this.#child(type, properties, session);
  }

  /** Messages as they are now: what was missed of them is told. */
  read(messages: readonly Loose[]): void {
    for (const message of messages) {
      this.#message(record(message.info));
      for (const part of records(message.parts)) this.messages.part(part);
    }
  }

  /** State and asks as they are now. */
  reconcile({ status, asks }: Snapshot): void {
    const busy = status.type !== 'idle';
    // What is left of a turn that was interrupted stays in its lists for good.
    const open = busy ? asks?.filter((ask) => this.#isOurs(text(ask.sessionID))) : [];
    if (open !== undefined) this.#asks.reconcile(open, this.id);
    // What it was told to run may run still.
    if (busy) this.#begin(false);
    else if (this.#phase !== 'idle' && this.#given.size === 0) this.#end();
    this.#tellState();
  }

  #isOurs(session: string | null): boolean {
    return session !== null && (session === this.id || this.#family.has(session));
  }

  #own(type: string, properties: Loose): void {
    if (this.#asking(type, properties, this.id)) return;
    const heard = this.#heard[type];
    if (heard !== undefined) heard(properties);
    else if (!SILENT.has(type) && !type.startsWith('session.next.')) this.#emit({ type: 'unknown', kind: type, text: brief(properties) });
  }

  /** Of a sub-agent only what blocks it and what it costs: its work is in the output of its tool call. */
  #child(type: string, properties: Loose, session: string): void {
    if (this.#asking(type, properties, session)) return;
    if (type === 'message.updated') this.messages.spent(record(properties.info));
    if (type !== 'session.idle') return;
    this.#asks.close('unknown', session);
    this.#tellState();
  }

  #asking(type: string, properties: Loose, session: string): boolean {
    if (type === 'permission.asked' || type === 'question.asked') {
      this.#begin();
      const ask = this.#asks.ask(properties, session);
      if (ask?.tool_id && ask.diffs.length > 0) this.messages.proposed(ask.tool_id, { diffs: ask.diffs });
    } else {
      const decision = this.#asks.replied(type, properties);
      if (decision === null) return false;
      this.#denied ||= decision === 'deny' || decision === 'cancel';
    }
    this.#tellState();
    return true;
  }

  #status(status: Loose): void {
    if (status.type === 'idle') {
      this.#idle();
      return;
    }
    this.#begin();
    this.#denied = false;
    if (status.type === 'retry') this.#retry(status);
    else if (status.type !== 'busy') this.#emit({ type: 'unknown', kind: 'session.status', text: brief(status) });
    this.#tellState();
  }

  /** A provider may be asked for hours: at the first, second, fourth, eighth … attempt it is said. */
  #retry({ attempt, message }: Loose): void {
    this.#retries += 1;
    if (!Number.isInteger(Math.log2(this.#retries))) return;
    const which = typeof attempt === 'number' ? ` (attempt ${attempt})` : '';
    this.#emit({ type: 'notice', level: 'warning', text: `opencode tries again${which}: ${text(message) ?? 'no reason given'}` });
  }

  #idle(): void {
    // Said twice at the end of a turn: the second one is none of the turn that a prompt has just begun.
    if (this.#phase === 'busy') this.#end();
  }

  #error(error: Loose): void {
    const name = text(error.name) ?? 'an error';
    const stop = STOPS[name] ?? 'error';
    if (this.#phase !== 'idle' && this.#stop !== 'cancelled') this.#stop = stop;
    if (stop !== 'cancelled') this.#complain(error, name);
    if (this.#phase !== 'given') return;
    // It never began: an agent or a model that it does not know.
    this.over(this.#fault ?? name);
    this.#end();
  }

  #complain(error: Loose, name: string): void {
    const { message, statusCode } = record(error.data);
    const why = `${text(message) ?? name}${typeof statusCode === 'number' ? ` (${statusCode})` : ''}`;
    if (why === this.#fault) return;
    this.#fault = why;
    this.#emit({ type: 'notice', level: 'error', text: why });
  }

  #updated(info: Loose): void {
    const model = record(info.model);
    this.messages.chosen(modelId(model.providerID, model.id), text(info.agent));
    const title = text(info.title);
    if (title === null || title === this.#title || /^(?:New|Child) session - /.test(title)) return;
    this.#title = title;
    this.#emit({ type: 'title', title });
  }

  #message(info: Loose): void {
    const id = text(info.role === 'user' ? info.id : info.parentID) ?? '';
    const given = this.#given.get(id);
    if (this.#given.delete(id)) given?.taken();
    this.messages.updated(info);
    const error = record(info.error);
    if (this.#phase === 'busy' && text(error.name) !== null) this.#error(error);
  }

  #plan(todos: Loose[]): void {
    const steps = todos.flatMap(({ content, status }) => {
      const state = STEPS[String(status)];
      return typeof content === 'string' && state !== undefined ? [{ text: content, state }] : [];
    });
    this.#emit({ type: 'plan', steps });
  }

  #begin(anew = true): void {
    if (this.#phase === 'busy') return;
    if (this.#phase === 'idle') {
      this.#stop = null;
      this.#fault = null;
    }
    this.#phase = 'busy';
    this.#denied = false;
    this.#retries = 0;
    if (anew) this.messages.settle();
  }

  #end(): void {
    const stop = this.#stop ?? (this.#denied ? 'cancelled' : 'done');
    this.#asks.close(stop === 'cancelled' ? 'cancel' : 'unknown');
    this.#phase = 'idle';
    this.#told = null;
    this.#stop = null;
    this.#emit({ type: 'idle', stop });
  }

  #tellState(): void {
    if (this.#phase !== 'busy') return;
    const now = this.#asks.size > 0 ? 'waiting' : 'running';
    if (now === this.#told) return;
    this.#told = now;
    this.#emit({ type: now });
  }
}
