/** When a chat has its agent: started first, and again once a prompt waits for it. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { SessionDeps } from '../deps.ts';
import type { SessionRow } from '../ports.ts';
import { line, MAX } from './bounds.ts';
import type { ChatParts } from './chat-parts.ts';
import type { Again } from './launch.ts';

/** An agent that could not be started again is tried again after so long, while a prompt waits. */
const AGAIN_MS = 15_000;

export interface AgentStartsDeps {
  deps: SessionDeps;
  row: SessionRow;
  parts: ChatParts;
  /** Something was said in it, so the agent keeps its session. */
  used(): boolean;
  /** It is over. */
  over(): boolean;
  /** It is over, or its agent is just being ended. */
  ending(): boolean;
  /** It could not go on, and never will. */
  failed(reason: string): void;
}

export class AgentStarts {
  readonly #of: AgentStartsDeps;
  #startedAt = 0;
  #retry: { cancel(): void } | null = null;

  constructor(of: AgentStartsDeps) {
    this.#of = of;
  }

  /** Since the last start. */
  get ranMs(): number {
    return this.#of.deps.clock.monotonic() - this.#startedAt;
  }

  /** Errors: those of `AgentRun.start`. */
  async begin(again: Again): Promise<void> {
    const { run, record, turn, status, budget } = this.#of.parts;
    this.#startedAt = this.#of.deps.clock.monotonic();
    await run.start(again);
    if (this.#of.over() || !run.up) return;
    record.save({ pid: run.pid });
    if (!turn.works) status.become('idle', budget.reason);
    else this.wake();
  }

  /** It goes on with what it said before. Errors: those of `begin`. */
  async beginAgain(): Promise<void> {
    const { row, used, ending } = this.#of;
    try {
      await this.begin({ resume: row.agent_session_id, fork: false });
    } catch (error) {
      const nothing = error instanceof AfieldError && error.code === 'not_found' && !used() && !ending();
      if (!nothing) throw error;
      // The agent keeps no session in which nothing was said.
      await this.begin({ resume: null, fork: false });
    }
  }

  /** Gives what waits, and starts the agent for it where it has none. */
  wake(): void {
    const { parts, row, ending } = this.#of;
    const { run, delivery, status, budget } = parts;
    if (ending() || run.starting || this.#retry !== null) return;
    if (run.up || row.status !== 'idle' || !delivery.waiting) delivery.wake();
    else if (budget.reached()) delivery.hold();
    else {
      status.become('starting', 'Its agent is started again.');
      this.beginAgain().catch((error: unknown) => this.#notAgain(error as Error));
    }
  }

  /** There is no other try. */
  stop(): void {
    this.#retry?.cancel();
  }

  #notAgain(error: Error): void {
    const { deps, parts, ending, failed } = this.#of;
    if (ending()) return;
    const reason = line(error.message, MAX.title);
    const passes = error instanceof AfieldError && ['machine_unreachable', 'unavailable'].includes(error.code);
    if (!passes) {
      failed(`It could not go on. ${reason}`);
      return;
    }
    this.#retry = deps.clock.setTimeout(() => {
      this.#retry = null;
      this.wake();
    }, AGAIN_MS);
    parts.status.become('idle', `Its agent could not be started, which is tried again. ${reason}`);
  }
}
