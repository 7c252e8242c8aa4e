/** The chat face of a terminal session: what its companion hears, folded as that of any chat. Knows the terminal only by what it is told. */
import { join } from 'node:path';
import type { ChatState } from '@afield/shared/api/chat.ts';
import type { ChatUpdate } from '../chat-ports.ts';
import type { SessionDeps } from '../deps.ts';
import type { PromptRow, SessionRow } from '../ports.ts';
import type { SessionRecord } from '../sessions/record.ts';
import type { Reading } from '../state/state-reader.ts';
import { Asks } from './asks.ts';
import { line, MAX } from './bounds.ts';
import { Budget } from './budget.ts';
import { ChatKnown } from './chat-known.ts';
import { CompanionLine } from './companion-line.ts';
import { accompanied } from './companion-plan.ts';
import { CompanionSignal } from './companion-signal.ts';
import { GivenPrompts } from './given-prompts.ts';
import { Hearing } from './hearing.ts';
import { cutOpenItems, tellUntold } from './take-over-chat.ts';
import { ToldAgain } from './told-again.ts';
import { Transcript } from './transcript.ts';
import { Turn } from './turn.ts';

export interface CompanionHooks {
  /** What it says of the agent's state; null: it says nothing. */
  heard(reading: Reading | null): void;
  /** It says something, whatever. */
  sound(): void;
  /** Interrupts the agent in its terminal. */
  cancel(): void;
}

export interface CompanionContext {
  deps: SessionDeps;
  row: SessionRow;
  record: SessionRecord;
}

export class CompanionFace {
  readonly transcript: Transcript;
  readonly #deps: SessionDeps;
  readonly #row: SessionRow;
  readonly #record: SessionRecord;
  readonly #given: GivenPrompts;
  readonly #known: ChatKnown;
  readonly #asks: Asks;
  readonly #turn: Turn;
  readonly #hearing: Hearing;
  readonly #signal: CompanionSignal;
  readonly #budget: Budget;
  readonly #again: ToldAgain;
  /** Null: nobody knows how to hear it. */
  readonly #line: CompanionLine | null;
  #missing = false;
  #over = false;
  /** Room on the disk again. */
  readonly #unhear: (() => void) | undefined;

  constructor({ deps, row, record }: CompanionContext, hooks: CompanionHooks) {
    const { clock } = deps;
    this.#deps = deps;
    this.#row = row;
    this.#record = record;
    const given = new GivenPrompts(row.id, deps.store, (prompt_id) => {
      deps.store.prompts.setState(prompt_id, 'consumed', null);
      record.delivered(prompt_id, 'consumed', null);
    });
    const transcript = new Transcript(deps, record, { promptOf: (text) => given.take(text) });
    const signal = new CompanionSignal(clock, hooks.heard);
    const folder = join(deps.recordings, row.id);
    const known = new ChatKnown({ record, folder, clock, can: null });
    this.#again = new ToldAgain(clock, {
      knows: (role, key) => transcript.knows(role, key),
      again: (now) => signal.hold(now),
    });
    const asks: Asks = new Asks(row, deps, {
      transcript,
      changed: () => turn.asksChanged(),
      give: async (key, answer) => this.#line?.answer(key, answer),
    });
    const turn: Turn = new Turn({ transcript, status: signal, asks, reason: () => null, ended: () => {} });
    const budget = new Budget(deps.usage, record, { transcript, cancel: hooks.cancel });
    const status = { heard: hooks.sound };
    this.transcript = transcript;
    this.#given = given;
    this.#known = known;
    this.#asks = asks;
    this.#turn = turn;
    this.#signal = signal;
    this.#budget = budget;
    this.#hearing = new Hearing({ record, transcript, status, asks, turn, known, budget, way: () => null });
    this.#line = this.#lineTo();
    this.#unhear = deps.disk?.onChange((writing) => {
      if (writing) transcript.keep();
    });
  }

  get state(): ChatState {
    return this.#known.state;
  }
  /** False: what it may cost is used up, which the prompt that waits then says. */
  mayBeGiven(): boolean {
    const { prompts } = this.#deps.store;
    const [next] = prompts.undelivered(this.#row.id);
    if (next === undefined || !this.#budget.reached()) return true;
    const { reason } = this.#budget;
    if (next.reason !== reason) {
      this.#record.guarded(() => prompts.setState(next.id, 'home', reason));
      this.#record.delivered(next.id, 'home', reason);
    }
    return false;
  }

  /** An earlier server heard it: what was open then is as it was told last. */
  inherit(): void {
    this.#again.expect();
    // What was used up already is no news.
    this.#budget.look();
    this.#given.inherit();
    tellUntold(this.#deps, this.#row);
    cutOpenItems(this.#deps, this.#row);
  }

  /** Its program runs. */
  begin(): void {
    if (!this.#over) this.#line?.begin();
  }

  /** A prompt is being typed into the terminal. */
  given(row: PromptRow): void {
    this.#given.add(row);
  }

  /** Its budget is another one, or that of a new day. True: prompts that waited for it may go. */
  budgeted(): boolean {
    this.#budget.look();
    return this.#budget.reason === null;
  }

  /** The program in the terminal has ended. */
  over(): void {
    this.#quiet();
    this.#asks.abandon('The agent has ended.');
    this.#turn.cut();
  }

  /** The home server ends, and the program goes on. */
  leave(): void {
    this.#quiet();
    this.transcript.flush();
  }

  /** Resolves when everything about it is written. */
  async settled(): Promise<void> {
    await this.#known.settle();
  }

  #quiet(): void {
    this.#over = true;
    this.#line?.leave();
    this.#again.stop();
    this.#signal.away();
    this.#unhear?.();
  }

  #lineTo(): CompanionLine | null {
    const kept = accompanied(this.#deps, this.#row);
    const machine = this.#deps.machines.get(this.#row.machine);
    if (kept === null || machine === null) return null;
    return new CompanionLine(
      this.#deps,
      { ...kept, session_id: this.#row.id, machine },
      { update: (update) => this.#hear(update), joined: () => this.#joined(), away: (why) => this.#away(why) },
    );
  }

  #hear(update: ChatUpdate): void {
    // Keys are typed into its terminal, whose window has a title of its own.
    if (this.#over || update.type === 'abilities' || update.type === 'title') return;
    if (this.#again.take(update)) return;
    if (update.type === 'plan' && JSON.stringify(update.steps) === JSON.stringify(this.state.plan ?? [])) return;
    this.#hearing.hear(update);
    if (update.type === 'running') this.#signal.goesOn();
    if (update.type === 'waiting' && this.#asks.waiting === 0) this.#signal.waits();
  }

  #joined(): void {
    if (!this.#missing) return;
    this.#missing = false;
    this.transcript.notice('info', 'What the agent says is heard again.');
  }

  #away(why: string): void {
    if (this.#over) return;
    this.#asks.abandon('The agent is not heard any more. If it still waits, answer in its terminal.');
    this.#turn.cut();
    this.#again.expect();
    this.#signal.away();
    if (this.#missing) return;
    this.#missing = true;
    const detail = line(why, MAX.title);
    this.transcript.notice(
      'warning',
      `What the agent says is not heard now: its terminal shows it. It is tried again.${detail === '' ? '' : ` ${detail}`}`,
    );
  }
}
