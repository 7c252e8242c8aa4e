/** The line to one tmux server: one control client, made again when it ends, and what is known of the panes. */

import { AfieldError } from '@afield/shared/errors.ts';
import { pause } from '../../core/clock.ts';
import type { Clock } from '../../core/ports.ts';
import { DIED } from './config.ts';
import { type Control, ControlEnded } from './control.ts';
import { LIST_PANES, type PaneFacts, readPanes } from './panes.ts';

/** Notices tell most things at once; this finds the rest: a writer that died, a window that somebody else changed. */
const POLL_MS = 500;
const MAX_POLL_MS = 2_000;
/** Of many sessions everything is asked less often. */
const POLL_MS_EACH = 25;
/** Between two attempts to reach tmux again. */
const RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;

/** There is no tmux server any more; why, as a sentence. */
export class ServerGone extends Error {}

/** A session on this tmux server. */
export interface Member {
  readonly pane: string;
  /** Null: its pane is gone, though the tmux server is there. */
  seen(facts: PaneFacts | null): void;
  /** The tmux server is gone, and why. */
  gone(why: string): void;
  line(line: { up: boolean; detail: string | null }): void;
}

/** How a tmux server is reached. */
export interface Reach {
  /** `start`: makes a tmux server when there is none. Errors: `ServerGone`, `ControlEnded`, machine_unreachable. */
  attach(start: boolean): Promise<Control>;
  /** Resolves when the machine can be reached; rejects when it never will be. */
  up(): Promise<void>;
}

export class Connection {
  readonly #reach: Reach;
  readonly #clock: Clock;
  readonly #members = new Set<Member>();
  #control: Control | null = null;
  #opening: Promise<Control> | null = null;
  #mending = false;
  #closed = false;
  #poll: { cancel(): void } | null = null;
  #asking: Promise<Map<string, PaneFacts>> | null = null;
  #next: Promise<Map<string, PaneFacts>> | null = null;

  constructor(reach: Reach, clock: Clock) {
    this.#reach = reach;
    this.#clock = clock;
  }

  get connected(): boolean {
    return this.#control !== null;
  }

  /** The control client; made when there is none. Errors: as `Reach.attach`. */
  control(start = false): Promise<Control> {
    if (this.#control !== null) return Promise.resolve(this.#control);
    this.#opening ??= this.#open(start).finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  /** The same while the machine cannot be reached, or tmux is out of breath: waits. Errors: `ServerGone`, and when it never can be reached. */
  async patient(start = false): Promise<Control> {
    for (let ms = RETRY_MS; ; ms = Math.min(ms * 2, MAX_RETRY_MS)) {
      try {
        return await this.control(start);
      } catch (error) {
        if (!passes(error)) throw error;
        await this.#reach.up();
        await pause(this.#clock, ms);
      }
    }
  }

  /** Runs commands, and waits while there is no line. A command that was cut off may have been run. Errors: `TmuxRefusal`, `ServerGone`. */
  async run(...commands: string[]): Promise<string[][]> {
    for (;;) {
      if (this.#closed) throw new ServerGone('The home server let go of it.');
      const control = await this.patient();
      try {
        return await control.run(...commands);
      } catch (error) {
        if (!(error instanceof ControlEnded)) throw error;
        // One that takes nothing any more is heard of by its end, which comes in a later turn.
        await pause(this.#clock, RETRY_MS);
      }
    }
  }

  /** Runs commands without waiting. False: there is no line now, and they were dropped. */
  send(...commands: string[]): boolean {
    return this.#control?.send(...commands) ?? false;
  }

  join(member: Member): void {
    this.#members.add(member);
    this.#schedule();
  }

  leave(member: Member): void {
    this.#members.delete(member);
    if (this.#members.size > 0) return;
    this.#poll?.cancel();
    this.#poll = null;
  }

  /** All panes as they are now; every member hears of its own. Errors: as `run`. */
  panes(): Promise<Map<string, PaneFacts>> {
    if (this.#asking === null) {
      this.#asking = this.#ask().finally(() => {
        this.#asking = null;
      });
      return this.#asking;
    }
    // What was asked already may be answered with what was before. One more question serves all who ask meanwhile.
    const again = () => {
      this.#next = null;
      return this.panes();
    };
    this.#next ??= this.#asking.then(again, again);
    return this.#next;
  }

  /** Looks soon. */
  look(): void {
    this.panes().catch(() => {
      // Whoever is concerned hears of it by `gone`.
    });
  }

  close(): void {
    this.#closed = true;
    this.#members.clear();
    this.#poll?.cancel();
    const control = this.#control;
    this.#control = null;
    control?.close();
  }

  async #ask(): Promise<Map<string, PaneFacts>> {
    const members = [...this.#members];
    const [lines = []] = await this.run(LIST_PANES);
    const panes = readPanes(lines);
    // Those that joined meanwhile may not be in the answer.
    for (const member of members) if (this.#members.has(member)) member.seen(panes.get(member.pane) ?? null);
    this.#schedule();
    return panes;
  }

  #pollMs(): number {
    return Math.min(MAX_POLL_MS, Math.max(POLL_MS, this.#members.size * POLL_MS_EACH));
  }

  #schedule(): void {
    this.#poll?.cancel();
    this.#poll = null;
    if (this.#members.size > 0) this.#poll = this.#clock.setTimeout(() => this.look(), this.#pollMs());
  }

  async #open(start: boolean): Promise<Control> {
    const control = await this.#reach.attach(start);
    this.#control = control;
    control.onNotice = (name, rest) => {
      if (name.endsWith('window-close') || name === 'layout-change' || rest.endsWith(` ${DIED}`)) this.look();
    };
    control.onEnd = (detail) => {
      if (this.#control !== control) return;
      this.#control = null;
      void this.#mend(detail);
    };
    if (control.ended) {
      this.#control = null;
      throw new ControlEnded('It ended at once.');
    }
    return control;
  }

  /** The control client ended by itself: makes another, and tells the members when that cannot be, or takes a while. */
  async #mend(detail: string): Promise<void> {
    if (this.#members.size === 0 || this.#mending) return;
    this.#mending = true;
    try {
      const cut = await this.#again(detail);
      if (cut) for (const member of this.#members) member.line({ up: true, detail: null });
      this.look();
    } catch (error) {
      const why = error instanceof ServerGone ? error.message : 'The machine is no longer one of ours.';
      for (const member of [...this.#members]) member.gone(why);
    } finally {
      this.#mending = false;
    }
  }

  /** Resolves with whether the members were told that the line is cut. */
  async #again(detail: string): Promise<boolean> {
    let told = false;
    for (let ms = 0; this.#members.size > 0; ms = Math.min(Math.max(ms * 2, RETRY_MS), MAX_RETRY_MS)) {
      if (ms > 0) await pause(this.#clock, ms);
      try {
        await this.control();
        break;
      } catch (error) {
        if (!passes(error)) throw error;
        if (!told) for (const member of this.#members) member.line({ up: false, detail: detailOf(error, detail) });
        told = true;
        await this.#reach.up();
      }
    }
    return told;
  }
}

/** It may be otherwise in a moment. */
function passes(error: unknown): boolean {
  return error instanceof ControlEnded || (error instanceof AfieldError && error.code === 'machine_unreachable');
}

function detailOf(error: unknown, otherwise: string): string {
  return error instanceof AfieldError ? error.message : otherwise || 'tmux does not answer.';
}
