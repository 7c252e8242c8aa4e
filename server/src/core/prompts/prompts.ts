/**
 * Brings prompts to an agent behind a terminal, one after the other, each stored before anything else happens: home → accepted
 * (being written to the agent) → consumed (it shows that it took it), or stuck with a reason (protocol 3.4).
 */

import type { DeliveryState, Prompt } from '@afield/shared/api/prompts.ts';
import { pause } from '../clock.ts';
import type { Clock, PromptRow, PromptStore, Recipe } from '../ports.ts';
import { cleanPrompt, shows, typed } from './prompt-text.ts';

/** The text must show up on the screen before Enter; a program that shows nothing at all for so long does not listen. */
const ECHO_MS = 4_000;
/** After the echo: programs take an Enter that comes with the paste for a part of it. */
const BEFORE_ENTER_MS = 150;
/** Enter must show an effect within this time, else it is pressed once more. */
const TAKEN_MS = 5_000;
const POLL_MS = 50;
/** A poll that comes so late was held up with this whole process (a machine asleep, a debugger): what was printed meanwhile is still to be read. */
const HELD_UP_MS = 500;
/** A person at the keys goes first. */
const HANDS_OFF_MS = 1_500;

/** What delivery sees and does. */
export interface PromptTarget {
  recipe: Recipe;
  /** True when the agent takes text now. */
  ready(): boolean;
  busy(): boolean;
  /** Milliseconds since a viewer typed. */
  sinceTyped(): number;
  /** False: the program does not read. */
  write(bytes: Uint8Array): boolean;
  bracketedPaste(): boolean;
  /** The visible screen as text; the cursor's own row; that row with the two above and below it. */
  screen(): string;
  cursorRow(): string;
  aroundCursor(): string;
  /** Bytes printed so far. */
  printed(): number;
}

export interface PromptEvents {
  changed(id: string, state: DeliveryState, reason: string | null): void;
  /** The record could not be written. */
  fault(error: unknown): void;
}

export class Prompts {
  readonly #session_id: string;
  readonly #store: PromptStore;
  readonly #clock: Clock;
  readonly #target: PromptTarget;
  readonly #tell: PromptEvents;
  #working = false;
  #stopped = false;
  /** The prompt after which Enter was pressed: when the program ends then, it was probably told to. */
  #entered: string | null = null;

  constructor(session_id: string, deps: { store: PromptStore; clock: Clock }, target: PromptTarget, tell: PromptEvents) {
    this.#session_id = session_id;
    this.#store = deps.store;
    this.#clock = deps.clock;
    this.#target = target;
    this.#tell = tell;
  }

  /** Call when the status changed, or a prompt was stored. Works through everything that can be delivered now. */
  wake(): void {
    if (this.#working || this.#stopped) return;
    this.#working = true;
    this.#work()
      .catch((error: unknown) => this.#tell.fault(error))
      .finally(() => {
        this.#working = false;
      });
  }

  /** The session is over: what was not delivered never will be. */
  abandon(reason: string): void {
    this.#stopped = true;
    for (const row of this.#store.undelivered(this.#session_id)) this.#set(row, 'stuck', reason);
    for (const row of this.#store.unconfirmed(this.#session_id)) if (row.id !== this.#entered) this.#set(row, 'stuck', reason);
  }

  /** What an earlier server was writing when it ended: whether it arrived is unknown, so it is not written again. */
  giveUp(reason: string): void {
    for (const row of this.#store.unconfirmed(this.#session_id)) this.#set(row, 'stuck', reason);
  }

  /** Nothing is delivered any more; what waits goes on waiting, for the next home server. */
  stop(): void {
    this.#stopped = true;
  }

  async #work(): Promise<void> {
    for (let row = this.#next(); row !== undefined; row = this.#next()) {
      if (!(await this.#until(() => this.#target.sinceTyped() >= HANDS_OFF_MS || !this.#target.ready(), Number.POSITIVE_INFINITY))) return;
      // Meanwhile it may have been changed, taken back, or have another before it.
      const now = this.#next();
      if (now === undefined) return;
      if (now.id === row.id) await this.#deliver(now);
    }
  }

  #next(): PromptRow | undefined {
    return this.#stopped || !this.#target.ready() ? undefined : this.#store.undelivered(this.#session_id)[0];
  }

  async #deliver(row: PromptRow): Promise<void> {
    const { recipe } = this.#target;
    const text = cleanPrompt(row.content);
    const before = this.#target.printed();
    // On disk before the first key: a server that dies right after it must never type the text again.
    this.#set(row, 'accepted', null);
    if (!this.#target.write(typed(text, this.#target.bracketedPaste()))) {
      this.#set(row, 'stuck', 'The program reads no input. Look at its terminal.');
      return;
    }
    const echoed = await this.#until(() => this.#target.printed() > before && shows(this.#target.screen(), text), ECHO_MS);
    if (this.#stopped) return;
    if (!echoed && this.#target.printed() === before) {
      this.#set(row, 'stuck', 'The text did not appear on the screen of the agent. Look at its terminal.');
      return;
    }
    await pause(this.#clock, BEFORE_ENTER_MS);
    if (this.#stopped) return;
    const taken = this.#watchTaken(text, echoed);
    this.#entered = row.id;
    this.#target.write(Buffer.from(recipe.submit));
    if (await this.#until(taken, TAKEN_MS)) return this.#set(row, 'consumed', null);
    if (this.#stopped) return;
    this.#target.write(Buffer.from(recipe.submit));
    if (await this.#until(taken, TAKEN_MS)) return this.#set(row, 'consumed', null);
    if (!this.#stopped) this.#set(row, 'stuck', 'The text was written, but the agent did not start. Press Enter in its terminal.');
  }

  /**
   * Call before Enter. The condition: it works; or, when the text was seen, it printed and (an agent with a known face) the text left
   * its input field, or (any other program) the cursor its row.
   */
  #watchTaken(text: string, echoed: boolean): () => boolean {
    const target = this.#target;
    const printed = target.printed();
    const row = target.cursorRow();
    return () => {
      if (target.busy()) return true;
      if (!echoed || target.printed() === printed) return false;
      return target.recipe.states.length === 0 ? target.cursorRow() !== row : !shows(target.aroundCursor(), text);
    };
  }

  #set(row: PromptRow, state: DeliveryState, reason: string | null): void {
    this.#store.setState(row.id, state, reason);
    this.#tell.changed(row.id, state, reason);
  }

  /** False when the time was over, or the session. */
  async #until(condition: () => boolean, ms: number): Promise<boolean> {
    let polled = this.#clock.monotonic();
    let end = polled + ms;
    while (!this.#stopped) {
      if (condition()) return true;
      const now = this.#clock.monotonic();
      // Else Enter would be pressed a second time though the first was taken.
      if (now - polled > HELD_UP_MS) end += now - polled;
      if (now >= end) return false;
      polled = now;
      await pause(this.#clock, POLL_MS);
    }
    return false;
  }
}

export function promptView({ place: _place, tree: _tree, ...prompt }: PromptRow): Prompt {
  return prompt;
}
