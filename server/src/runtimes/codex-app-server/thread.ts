/** One thread of Codex as its notifications tell it: state, items, plan, usage, faults. */
import type { ChatUpdate, TurnStop } from '../../core/chat-ports.ts';
import type { Clock } from '../../core/ports.ts';
import { BoundedMap } from '../bounded-map.ts';
import { brief, count, type Loose, record, records, text } from '../loose.ts';
import { Items } from './items.ts';
import { modeOf } from './modes.ts';
import { OpenAsks } from './open-asks.ts';
import { tokensOf } from './tokens.ts';

/** Turns whose usage is ours to tell: Codex tells that of earlier ones again. */
const MAX_TURNS = 1_000;
/** The end of a turn comes right after its thread is idle. */
const ENDS_MS = 3_000;
/** About other things than the conversation, or told in another way too. */
const SILENT = new RegExp(
  [
    '^(?:thread/(?:started|readState/changed|archived|deleted|unarchived|closed|reverted|section/|attachment/|goal/|prediction/|queue/|project/|environment/|realtime/)',
    'turn/(?:diff/updated|moderationMetadata)|item/(?:autoApprovalReview/|commandExecution/terminalInteraction|fileChange/outputDelta|reasoning/summaryPartAdded)',
    'account/|app/|autoApprovalReview/|command/exec/|deprecationNotice|externalAgentConfig/|fs/|fuzzyFileSearch/|hook/|mcpServer/|model/(?:verification|safetyBuffering)',
    'modelProvider/|process/|project/|rawResponse|remoteControl/|skills/|windows)',
  ].join('|'),
);
const LIMITS = new Set(['contextWindowExceeded', 'usageLimitExceeded', 'sessionBudgetExceeded', 'rateLimitExceeded']);
const STEPS: Record<string, 'next' | 'now' | 'done'> = { pending: 'next', inProgress: 'now', completed: 'done' };

type Emit = (update: ChatUpdate) => void;
type Hear = (params: Loose) => void;

export class Thread {
  /** Empty until there is one. */
  id = '';
  /** That goes on; null: none. */
  turn: string | null = null;
  readonly items: Items;
  readonly asks: OpenAsks;
  readonly #emit: Emit;
  readonly #clock: Clock;
  readonly #shared: boolean;
  #recalls = false;
  readonly #turns = new BoundedMap<true>(MAX_TURNS);
  /** Items that are prompts of ours. */
  readonly #ours = new BoundedMap<true>(MAX_TURNS);
  /** Prompts of ours that it has not shown yet, oldest first. */
  readonly #given = new Map<string, PromiseWithResolvers<void>>();
  #told: 'running' | 'waiting' | null = null;
  #fault: string | null = null;
  #retries = 0;
  #model: string | null = null;
  #mode: string | null = null;
  #ending: { cancel(): void } | null = null;

  /** `shared`: a person talks to it at another client. */
  constructor(emit: Emit, clock: Clock, shared = false) {
    this.#emit = (update) => {
      // Neither has a key by which it would be known again.
      if (!this.#recalls || (update.type !== 'notice' && update.type !== 'unknown')) emit(update);
    };
    this.#clock = clock;
    this.#shared = shared;
    this.items = new Items(this.#emit);
    this.asks = new OpenAsks(this.#emit, clock, shared);
  }

  /** A prompt goes out; resolves once Codex shows it, or anything of its turn. */
  give(prompt_id: string): PromiseWithResolvers<void> {
    const shown = Promise.withResolvers<void>();
    // Whoever gave it may have given up.
    shown.promise.catch(() => {});
    this.#given.set(prompt_id, shown);
    return shown;
  }

  takeBack(prompt_id: string): void {
    this.#given.delete(prompt_id);
  }

  get mode(): string | null {
    return this.#mode;
  }

  /** A turn that began here and is over. */
  ended(turn: string | null): boolean {
    return turn !== null && turn !== this.turn && this.#turns.has(turn);
  }

  /** Model and mode, where they are told. */
  chosen(model: unknown, mode: string | null): void {
    if (typeof model === 'string' && model !== this.#model) {
      this.#model = model;
      this.#emit({ type: 'model', model });
    }
    if (mode !== this.#mode) {
      this.#mode = mode;
      this.#emit({ type: 'mode', mode });
    }
  }

  /** One notification. Whatever it is, it throws nothing. */
  take(method: string, params: Loose): void {
    const thread = text(params.threadId);
    if (method === 'serverRequest/resolved') this.asks.resolved(params.requestId);
    else if (thread !== null && thread !== this.id) this.#other(method, params);
    else if (Object.hasOwn(this.#heard, method)) this.#heard[method]?.(params);
    else if (!SILENT.test(method)) this.#emit({ type: 'unknown', kind: method, text: brief(params) });
    this.tellState();
  }

  /** Its process is gone. */
  over(why: Error): void {
    this.#ending?.cancel();
    for (const { reject } of this.#given.values()) reject(why);
    this.#given.clear();
    this.asks.close('unknown');
  }

  /** What it holds already. `since`: what turns from before used is known (ms since 1970). */
  recall(turns: readonly Loose[], since: number): void {
    this.#recalls = true;
    for (const turn of turns) {
      const runs = turn.status === 'inProgress';
      if (runs) this.begin(text(turn.id));
      else if ((count(turn.startedAt) ?? 0) * 1_000 >= since) this.#turns.set(text(turn.id) ?? '', true);
      for (const item of records(turn.items)) {
        const over = !runs || (typeof item.status === 'string' ? item.status !== 'inProgress' : item.completedAtMs !== null);
        this.#item(item, over);
        if (!over) this.items.text(item.id, item.type === 'reasoning' ? 'thought' : 'agent', item.text);
      }
    }
    this.#recalls = false;
    this.tellState();
  }

  begin(turn: string | null): void {
    if (turn === null || turn === this.turn) return;
    this.turn = turn;
    this.#turns.set(turn, true);
    this.#fault = null;
    this.#retries = 0;
  }

  tellState(): void {
    if (this.turn === null) return;
    const now = this.asks.size > 0 ? 'waiting' : 'running';
    if (now === this.#told) return;
    this.#told = now;
    this.#emit({ type: now });
  }

  /** What each notification does. */
  readonly #heard: Readonly<Record<string, Hear>> = {
    'turn/started': ({ turn }) => this.begin(text(record(turn).id)),
    'turn/completed': ({ turn }) => this.#completed(record(turn)),
    'turn/plan/updated': ({ plan }) => this.#plan(records(plan)),
    'thread/status/changed': ({ status }) => this.#status(record(status)),
    'thread/tokenUsage/updated': (params) => this.#usage(params, true),
    'thread/name/updated': ({ threadName }) => this.#title(threadName),
    'thread/settings/updated': ({ threadSettings }) => this.#settings(record(threadSettings)),
    'thread/compacted': () => {},
    'item/started': ({ item }) => this.#item(record(item), false),
    'item/completed': ({ item }) => this.#item(record(item), true),
    'item/agentMessage/delta': ({ itemId, delta }) => this.items.text(itemId, 'agent', delta),
    'item/plan/delta': ({ itemId, delta }) => this.items.text(itemId, 'agent', delta),
    'item/reasoning/summaryTextDelta': ({ itemId, delta }) => this.items.text(itemId, 'thought', delta),
    'item/reasoning/textDelta': ({ itemId, delta }) => this.items.text(itemId, 'thought', delta),
    'item/commandExecution/outputDelta': ({ itemId, delta }) => this.items.output(itemId, delta),
    'item/mcpToolCall/progress': ({ itemId, message }) => this.items.output(itemId, typeof message === 'string' ? `${message}\n` : ''),
    'item/fileChange/patchUpdated': ({ itemId, changes }) => this.items.changes(itemId, changes),
    'model/rerouted': ({ toModel }) => this.chosen(toModel, this.#mode),
    error: (params) => this.#error(record(params.error), params.willRetry === true),
    warning: ({ message }) => this.#notice('warning', message),
    guardianWarning: ({ message }) => this.#notice('warning', message),
    configWarning: ({ summary, details }) =>
      this.#notice('info', [text(summary), text(details)].filter((part) => part !== null).join('\n')),
  };

  /** Of a thread that this one began only what it costs: what it asks comes as a request. */
  #other(method: string, params: Loose): void {
    if (method === 'thread/tokenUsage/updated' && this.turn !== null) this.#usage(params, false);
  }

  #item(item: Loose, over: boolean): void {
    if (item.type === 'userMessage') {
      this.#user(item, over);
      return;
    }
    this.#taken(null);
    const id = text(item.id);
    this.items.take(item, over);
    if (id === null) return;
    if (item.status === 'declined') this.asks.shown(id, 'deny');
    else if (over) this.asks.shown(id, 'allow');
  }

  /** Of ours the text is known; another client's is shown. */
  #user(item: Loose, over: boolean): void {
    const id = text(item.clientId);
    const item_id = text(item.id);
    if (this.#taken(id) && item_id !== null) this.#ours.set(item_id, true);
    if ((id !== null && !this.#shared) || item_id === null || this.#ours.has(item_id)) return;
    const said = records(item.content).flatMap((part) => (part.type === 'text' ? (text(part.text) ?? []) : []));
    if (over && said.length > 0) this.#emit({ type: 'text_done', key: item_id, role: 'user', text: said.join('\n') });
  }

  /** The prompt of this id, or the oldest one: it was taken. False: there is none. */
  #taken(id: string | null): boolean {
    const key = id ?? this.#given.keys().next().value;
    const given = key === undefined ? undefined : this.#given.get(key);
    if (key === undefined || given === undefined) return false;
    this.#given.delete(key);
    given.resolve();
    return true;
  }

  #status(status: Loose): void {
    if (status.type === 'active') return;
    if (this.turn === null) return;
    // Its end says how it ended; should that never come, it is idle all the same.
    const turn = this.turn;
    this.#ending?.cancel();
    this.#ending = this.#clock.setTimeout(() => {
      if (this.turn === turn) this.#end(status.type === 'systemError' ? 'error' : 'done');
    }, ENDS_MS);
  }

  #completed(turn: Loose): void {
    if (this.turn === null || (text(turn.id) ?? this.turn) !== this.turn) return;
    const error = record(turn.error);
    if (turn.status === 'failed') this.#error(error, false);
    const stops: Record<string, TurnStop> = {
      completed: 'done',
      interrupted: 'cancelled',
      failed: LIMITS.has(kindOf(error)) ? 'limit' : 'error',
    };
    this.#taken(null);
    this.#end(stops[String(turn.status)] ?? 'done');
  }

  #end(stop: TurnStop): void {
    this.#ending?.cancel();
    this.#ending = null;
    this.asks.close(stop === 'cancelled' ? 'cancel' : 'unknown');
    this.items.settle();
    this.turn = null;
    this.#told = null;
    this.#emit({ type: 'idle', stop });
  }

  /** A provider may be asked for long: at the first, second, fourth, eighth … attempt it is said. */
  #error(error: Loose, again: boolean): void {
    const why = [text(error.message) ?? 'an error', again ? text(error.additionalDetails) : null]
      .filter((part) => part !== null)
      .join(': ');
    if (again) {
      this.#retries += 1;
      if (Number.isInteger(Math.log2(this.#retries))) this.#notice('warning', `Codex tries again: ${why}`);
    } else if (why !== this.#fault) {
      this.#fault = why;
      this.#notice('error', why);
    }
  }

  #notice(level: 'info' | 'warning' | 'error', said: unknown): void {
    const words = text(said);
    if (words !== null) this.#emit({ type: 'notice', level, text: words });
  }

  #plan(plan: Loose[]): void {
    const steps = plan.flatMap(({ step, status }) => {
      const state = STEPS[String(status)];
      return typeof step === 'string' && state !== undefined ? [{ text: step, state }] : [];
    });
    this.#emit({ type: 'plan', steps });
  }

  #title(name: unknown): void {
    const title = text(name);
    if (title !== null) this.#emit({ type: 'title', title });
  }

  #settings(settings: Loose): void {
    this.chosen(settings.model, modeOf(settings.approvalPolicy, settings.sandboxPolicy));
  }

  #usage(params: Loose, own: boolean): void {
    const { context, sum, ...tokens } = tokensOf(params);
    if (own && context !== null) this.#emit({ type: 'context', ...context });
    const turn = text(params.turnId) ?? '';
    if (own && !this.#turns.has(turn)) return;
    // Who begins to listen is told the last one under another turn.
    const at = this.#shared && own ? this.id : turn;
    this.#emit({ type: 'usage', usage: { turn_id: `${at}:${sum}`, model: this.#model, ...tokens, cost_usd: null } });
  }
}

/** Codex' name of a fault, which has facts with it or not. */
function kindOf({ codexErrorInfo }: Loose): string {
  return typeof codexErrorInfo === 'string' ? codexErrorInfo : (Object.keys(record(codexErrorInfo))[0] ?? '');
}
