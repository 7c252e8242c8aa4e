/** The agent of a chat, from its start to its end; started again when it went and can go on. What a former one still says is not heard. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { ChatAgent, ChatSink, ChatUpdate } from '../chat-ports.ts';
import type { SessionDeps } from '../deps.ts';
import { inTime } from '../in-time.ts';
import type { ProcessExit } from '../machine-ports.ts';
import type { ChatWay, SessionRow } from '../ports.ts';
import { type Again, planLaunch } from './launch.ts';

/** An agent that does not take prompts by then never will. */
const START_MS = 120_000;
/** The runtime asks it to end, then ends it; whoever waits for that waits no longer. */
const STOP_MS = 15_000;

export type AgentExit = ProcessExit & { detail: string };

export interface AgentRunEvents {
  update(update: ChatUpdate): void;
  /** Once a run; not for one that never came up. */
  exit(exit: AgentExit): void;
}

export class AgentRun {
  readonly #deps: SessionDeps;
  readonly #row: SessionRow;
  readonly #events: AgentRunEvents;
  #agent: ChatAgent | null = null;
  /** Of the run that is heard now. */
  #number = 0;
  #starting = false;
  /** What a former agent of it left running is ended before the next one starts; null: nothing can be left. */
  #leftover: Promise<unknown> | null = null;
  way: ChatWay | null = null;

  constructor(deps: SessionDeps, row: SessionRow, events: AgentRunEvents) {
    this.#deps = deps;
    this.#row = row;
    this.#events = events;
  }

  get up(): boolean {
    return this.#agent !== null;
  }
  get starting(): boolean {
    return this.#starting;
  }
  get pid(): number | null {
    return this.#agent?.pid ?? null;
  }

  /** Errors: unavailable. */
  agent(): ChatAgent {
    if (this.#agent !== null) return this.#agent;
    throw new AfieldError('unavailable', 'The agent of this session does not run now. It is started with the next prompt.');
  }

  /** A former agent may have left something running, until this resolves. */
  leftover(reaped: Promise<unknown> = this.#reap()): void {
    this.#leftover = reaped;
    // Tried again before the next start.
    reaped.catch(() => {});
  }

  /** Errors: those of `planLaunch` and of the runtime; unavailable when it was stopped meanwhile. */
  async start(again: Again): Promise<void> {
    const mine = ++this.#number;
    this.#starting = true;
    let exit: AgentExit | null = null;
    const sink: ChatSink = {
      update: (update) => {
        if (mine === this.#number) this.#events.update(update);
      },
      exit: (how) => {
        if (mine !== this.#number) return;
        exit = how;
        if (this.#agent !== null) this.#gone(how);
      },
    };
    try {
      const { runtime, start, way } = await planLaunch(this.#deps, this.#row, again);
      this.way = way;
      await this.#clean();
      if (mine !== this.#number) throw stopped();
      const agent = await this.#inTime(runtime.start(start, sink));
      if (mine !== this.#number) {
        agent.stop().catch(() => {});
        throw stopped();
      }
      this.#agent = agent;
    } catch (error) {
      if (mine === this.#number) this.#number++;
      throw error;
    } finally {
      this.#starting = false;
    }
    if (exit !== null) this.#gone(exit);
  }

  /** Resolves when it is gone, and that was told. */
  async stop(): Promise<void> {
    const agent = this.#agent;
    const mine = this.#number;
    if (agent === null) {
      this.#number++;
      return;
    }
    const stopping = agent.stop().then(() => true);
    if ((await inTime(this.#deps.clock, STOP_MS, () => stopping)) === null) {
      await this.#reap().catch((error: unknown) => this.#deps.warn(`The agent of session ${this.#row.id} does not end.`, error));
    }
    if (mine === this.#number && this.#agent !== null) this.#gone({ code: null, signal: null, detail: '' });
  }

  #gone(exit: AgentExit): void {
    this.#agent = null;
    this.#number++;
    this.#events.exit(exit);
  }

  async #clean(): Promise<void> {
    const leftover = this.#leftover;
    if (leftover === null) return;
    await leftover.catch(() => this.#reap());
    this.#leftover = null;
  }

  async #reap(): Promise<void> {
    const runtime = await this.#deps.machines.runtime(this.#row.machine);
    await runtime.reap([this.#row.id]);
  }

  #inTime(start: Promise<ChatAgent>): Promise<ChatAgent> {
    return new Promise((resolve, reject) => {
      const late = this.#deps.clock.setTimeout(() => {
        reject(new AfieldError('start_failed', `The agent did not come up within ${START_MS / 1_000} seconds.`));
        start.then((agent) => agent.stop()).catch(() => {});
        this.#reap().catch(() => {});
      }, START_MS);
      start.then(resolve, reject).finally(() => late.cancel());
    });
  }
}

const stopped = () => new AfieldError('unavailable', 'The session was stopped while its agent was being started.');
