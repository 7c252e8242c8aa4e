/**
 * Brings prompts to an agent that speaks, one after the other, each stored before anything else happens: home → accepted (given to the
 * agent) → consumed (it shows that it took it), or stuck with a reason.
 */
import type { DeliveryState } from '@afield/shared/api/prompts.ts';
import type { UsageVerdict } from '../chat-service.ts';
import type { Snapshots } from '../chat-stores.ts';
import type { Clock, PromptRow, PromptStore } from '../ports.ts';
import { treeInTime } from '../sessions/start-tree.ts';

/** What holds prompts back by the day is looked at again. */
const AGAIN_MS = 60_000;
/** What could not be written is tried again. */
const FAULT_MS = 5_000;

export interface DeliveryTarget {
  /** It takes a prompt now: it is idle; or it works, and this one is for the turn that goes on. */
  ready(steer: boolean): boolean;
  verdict(): UsageVerdict;
  place(): { machine: string; cwd: string };
  /** Told just before it is given. */
  giving(row: PromptRow): void;
  /** Errors: why it did not take it. */
  give(row: PromptRow): Promise<void>;
  /** It did not take it. */
  refused(row: PromptRow, reason: string): void;
}

export interface DeliveryEvents {
  changed(id: string, state: DeliveryState, reason: string | null): void;
  /** What waits is another. */
  queue(): void;
  fault(error: unknown): void;
  /** What waited for its time may go now: call `wake`. */
  again(): void;
}

export interface DeliveryDeps {
  store: PromptStore;
  clock: Clock;
  snapshots: Snapshots;
}

export class Delivery {
  readonly #session_id: string;
  readonly #deps: DeliveryDeps;
  readonly #target: DeliveryTarget;
  readonly #tell: DeliveryEvents;
  /** For the turn that goes on. */
  readonly #steer = new Set<string>();
  /** Given, and not seen to be taken. */
  readonly #given = new Map<string, { row: PromptRow; steered: boolean }>();
  #working = false;
  #again = false;
  #stopped = false;
  #timer: { cancel(): void } | null = null;

  constructor(session_id: string, deps: DeliveryDeps, target: DeliveryTarget, tell: DeliveryEvents) {
    this.#session_id = session_id;
    this.#deps = deps;
    this.#target = target;
    this.#tell = tell;
  }

  /** Call when the status changed, or a prompt was stored. Works through everything that can be given now. */
  wake(): void {
    if (this.#stopped) return;
    this.#again = true;
    if (this.#working) return;
    this.#working = true;
    this.#work()
      .catch((error: unknown) => {
        this.#again = false;
        this.#tell.fault(error);
        this.#in(FAULT_MS);
      })
      .finally(() => {
        this.#working = false;
        // Called between the last look and now.
        if (this.#again) this.wake();
      });
  }

  /** This one goes into the turn that goes on. */
  steer(id: string): void {
    this.#steer.add(id);
    this.wake();
  }

  get waiting(): boolean {
    return this.#deps.store.undelivered(this.#session_id).length > 0;
  }

  /** The agent has ended a turn. What was given into it may be for the next one. */
  taken(): void {
    for (const { row, steered } of [...this.#given.values()]) if (!steered) this.#settle(row, 'consumed', null);
  }

  /** Its agent is gone before it showed that it took them. */
  lost(reason: string): void {
    for (const { row } of [...this.#given.values()]) this.#settle(row, 'stuck', reason);
  }

  /** What an earlier server was giving when it ended: whether it arrived is unknown, so it is not given again. */
  giveUp(reason: string): void {
    for (const row of this.#deps.store.unconfirmed(this.#session_id)) this.#set(row, 'stuck', reason);
  }

  /** The session is over: what was not given never will be. */
  abandon(reason: string): void {
    this.stop();
    this.lost(reason);
    const waited = this.#deps.store.undelivered(this.#session_id);
    for (const row of waited) this.#set(row, 'stuck', reason);
    if (waited.length > 0) this.#tell.queue();
  }

  /** Nothing is given any more; what waits goes on waiting, for the next home server. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async #work(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false;
      for (let row = this.#next(); row !== undefined; row = this.#next()) if (!(await this.#deliver(row))) break;
    }
  }

  #next(): PromptRow | undefined {
    if (this.#stopped) return;
    const waiting = this.#deps.store.undelivered(this.#session_id);
    const steered = waiting.find(({ id }) => this.#steer.has(id));
    if (steered !== undefined && this.#target.ready(true)) return steered;
    return this.#target.ready(false) ? waiting[0] : undefined;
  }

  /** False: it must wait, and so must what is behind it. */
  async #deliver(row: PromptRow): Promise<boolean> {
    const verdict = this.#target.verdict();
    if (verdict.state === 'reached') {
      this.#hold(row, verdict.reason);
      return false;
    }
    const { machine, cwd } = this.#target.place();
    const tree = await treeInTime(this.#deps, { machine, cwd });
    // Meanwhile it may have been changed, taken back, or have another before it.
    const now = this.#next();
    if (now === undefined || this.#stopped) return false;
    if (now.id !== row.id) return true;
    if (tree !== null) this.#deps.store.update(now.id, { tree });
    this.#give({ ...now, tree });
    return true;
  }

  #give(row: PromptRow): void {
    const steered = !this.#target.ready(false);
    // On disk before the agent hears of it: a server that dies right after it must never give it again.
    this.#set(row, 'accepted', null);
    this.#steer.delete(row.id);
    this.#given.set(row.id, { row, steered });
    this.#target.giving(row);
    this.#target.give(row).then(
      () => this.#settle(row, 'consumed', null),
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        if (this.#settle(row, 'stuck', reason) && !this.#stopped) this.#target.refused(row, reason);
      },
    );
  }

  /** Nothing may be given now: those that wait say why. */
  hold(): void {
    const row = this.#deps.store.undelivered(this.#session_id)[0];
    const verdict = this.#target.verdict();
    if (row !== undefined && verdict.state === 'reached') this.#hold(row, verdict.reason);
  }

  #hold(row: PromptRow, reason: string): void {
    if (row.reason !== reason) this.#set(row, 'home', reason);
    this.#in(AGAIN_MS);
  }

  #in(ms: number): void {
    this.#timer?.cancel();
    if (!this.#stopped) this.#timer = this.#deps.clock.setTimeout(() => this.#tell.again(), ms);
  }

  /** False: that is known already. */
  #settle(row: PromptRow, state: DeliveryState, reason: string | null): boolean {
    if (!this.#given.delete(row.id)) return false;
    this.#set(row, state, reason);
    return true;
  }

  #set(row: PromptRow, state: DeliveryState, reason: string | null): void {
    try {
      this.#deps.store.setState(row.id, state, reason);
    } catch (error) {
      // What cannot be remembered must not be given.
      if (state === 'accepted') throw error;
      this.#tell.fault(error);
    }
    this.#tell.changed(row.id, state, reason);
  }
}
