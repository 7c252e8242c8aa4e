/** What an agent has asked and nobody has answered yet. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { AgentAnswer, Ask, ChatUpdate } from '../../core/chat-ports.ts';
import type { RpcId } from '../json-rpc.ts';
import { RpcError } from '../json-rpc.ts';
import type { Loose } from '../loose.ts';

const CANCELLED = -32_800;

interface Open {
  rpcId: RpcId;
  resultOf(answer: AgentAnswer): Loose;
  cancelled: Loose;
  resolve(result: Loose): void;
  reject(error: Error): void;
}

export class OpenAsks {
  readonly #open = new Map<string, Open>();
  readonly #tell: (update: ChatUpdate) => void;
  /** What the agent is without an open ask. */
  readonly #otherwise: () => ChatUpdate;
  #asked = 0;

  constructor(tell: (update: ChatUpdate) => void, otherwise: () => ChatUpdate) {
    this.#tell = tell;
    this.#otherwise = otherwise;
  }

  /** Told; resolves with what the agent gets. An id that is open already: another ask, and the earlier one is gone. */
  open(rpcId: RpcId, ask: Ask, resultOf: Open['resultOf'], cancelled: Loose): Promise<Loose> {
    const { promise, resolve, reject } = Promise.withResolvers<Loose>();
    const twice = [...this.#open].find(([, one]) => one.rpcId === rpcId)?.[0];
    this.#asked += 1;
    const key = twice ?? `ask-${this.#asked}`;
    this.#open.set(key, { rpcId, resultOf, cancelled, resolve, reject });
    this.#tell({ type: 'ask', key, ask });
    this.#tell({ type: 'waiting' });
    return promise;
  }

  /** Errors: not_found. */
  answer(key: string, answer: AgentAnswer): void {
    const open = this.#open.get(key);
    if (open === undefined) throw new AfieldError('not_found', 'The agent does not ask this any more.');
    this.#open.delete(key);
    open.resolve(open.resultOf(answer));
    this.#resume();
  }

  /** The agent does not want to know any more. */
  withdraw(rpcId: unknown): void {
    for (const [key, open] of this.#open) {
      if (open.rpcId !== rpcId) continue;
      this.#open.delete(key);
      open.reject(new RpcError(CANCELLED, 'Request cancelled'));
      this.#tell({ type: 'ask_gone', key, by: 'agent', decision: 'cancel' });
      this.#resume();
    }
  }

  /** The turn is cancelled: so is all that it asked. */
  cancelAll(): void {
    if (this.#open.size > 0) this.#tell(this.#otherwise());
    for (const [key, open] of this.#open) {
      open.resolve(open.cancelled);
      this.#tell({ type: 'ask_gone', key, by: 'elsewhere', decision: 'cancel' });
    }
    this.#open.clear();
  }

  /** The turn is over without them. */
  drop(): void {
    for (const [key, open] of this.#open) {
      open.resolve(open.cancelled);
      this.#tell({ type: 'ask_gone', key, by: 'agent', decision: 'unknown' });
    }
    this.#open.clear();
  }

  #resume(): void {
    if (this.#open.size === 0) this.#tell(this.#otherwise());
  }
}
