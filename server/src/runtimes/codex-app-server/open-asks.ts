/** Requests of Codex that nobody has answered yet, and who answered those that are gone. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { AgentAnswer, ChatUpdate } from '../../core/chat-ports.ts';
import { inTime } from '../../core/in-time.ts';
import type { Clock } from '../../core/ports.ts';
import type { RpcId } from '../json-rpc.ts';
import type { Loose } from '../loose.ts';
import type { Request } from './asks.ts';

type Decision = AgentAnswer['decision'] | 'unknown';

/** After an answer it says that the request is resolved. */
const RESOLVED_MS = 5_000;
/** So long after somebody else answered it may show what they decided. */
const SHOWN_MS = 300;

interface Open {
  key: string;
  rpcId: RpcId;
  request: Request;
  /** That it is about; null: none. */
  item: string | null;
  give(result: Loose): void;
  resolved: PromiseWithResolvers<true>;
}

export class OpenAsks {
  readonly #emit: (update: ChatUpdate) => void;
  readonly #clock: Clock;
  readonly #open = new Map<RpcId, Open>();
  /** Answered by us, until Codex says so too. */
  readonly #answered = new Map<RpcId, Open>();
  /** Answered by somebody else, until it shows what they decided. */
  readonly #elsewhere = new Map<string, { key: string; late: { cancel(): void } }>();
  readonly #shared: boolean;
  #asked = 0;

  /** `shared`: other clients are asked too, so that a request has the same key whoever hears it, and whenever. */
  constructor(emit: (update: ChatUpdate) => void, clock: Clock, shared = false) {
    this.#emit = emit;
    this.#clock = clock;
    this.#shared = shared;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Resolves with what Codex gets; never, when it is answered elsewhere. The same id again: the earlier one is gone. */
  open(rpcId: RpcId, request: Request): Promise<Loose> {
    const { promise, resolve } = Promise.withResolvers<Loose>();
    const twice = this.#open.get(rpcId);
    this.#asked += 1;
    const key = twice?.key ?? `ask-${this.#shared ? rpcId : this.#asked}`;
    this.#open.set(rpcId, { key, rpcId, request, item: request.ask.tool_id, give: resolve, resolved: Promise.withResolvers() });
    this.#emit({ type: 'ask', key, ask: request.ask });
    return promise;
  }

  /** What an open one is about; null: it is gone. */
  get(key: string): Open | null {
    return [...this.#open.values()].find((one) => one.key === key) ?? null;
  }

  /** Errors: not_found. Resolves once Codex says that it has it. */
  async answer(key: string, answer: AgentAnswer): Promise<void> {
    const open = this.get(key);
    if (open === null) throw new AfieldError('not_found', 'Codex does not ask this any more.');
    this.#open.delete(open.rpcId);
    this.#answered.set(open.rpcId, open);
    open.give(open.request.resultOf(answer));
    await inTime(this.#clock, RESOLVED_MS, () => open.resolved.promise);
    this.#answered.delete(open.rpcId);
  }

  /** Somebody answered, or it is not wanted any more. */
  resolved(rpcId: unknown): void {
    const id = rpcId as RpcId;
    this.#answered.get(id)?.resolved.resolve(true);
    const open = this.#open.get(id);
    if (open === undefined) return;
    this.#open.delete(id);
    const item = open.item ?? open.key;
    const late = this.#clock.setTimeout(() => this.shown(item, 'unknown'), SHOWN_MS);
    this.#elsewhere.set(item, { key: open.key, late });
  }

  /** What becomes of an item shows what was decided about it. */
  shown(item: string, decision: Decision): void {
    const gone = this.#elsewhere.get(item);
    if (gone === undefined) return;
    gone.late.cancel();
    this.#elsewhere.delete(item);
    this.#emit({ type: 'ask_gone', key: gone.key, by: 'elsewhere', decision });
  }

  /** The turn is over: all that is open is gone with it. */
  close(decision: Decision): void {
    for (const item of [...this.#elsewhere.keys()]) this.shown(item, decision);
    const gone = [...this.#open.values()];
    this.#open.clear();
    for (const { key } of gone) this.#emit({ type: 'ask_gone', key, by: 'agent', decision });
    for (const { resolved } of this.#answered.values()) resolved.resolve(true);
  }
}
