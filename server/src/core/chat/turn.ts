/** Whether the agent works, waits for an answer, or is idle: the one place that decides it, whatever it says and in whatever order. */

import type { ToolKind } from '@afield/shared/api/chat.ts';
import type { Activity } from '@afield/shared/api/sessions.ts';
import type { TurnStop } from '../chat-ports.ts';
import type { Asks } from './asks.ts';
import type { ChatStatus } from './chat-status.ts';
import type { Transcript } from './transcript.ts';

const DOES: Record<ToolKind, Activity> = {
  read: 'reading',
  edit: 'editing',
  delete: 'editing',
  move: 'editing',
  search: 'searching',
  fetch: 'searching',
  execute: 'running',
  agent: 'running',
  other: 'running',
  think: 'thinking',
  plan: 'planning',
};
const ENDS: Record<TurnStop, string | null> = {
  done: null,
  cancelled: 'Interrupted.',
  refused: 'The model refused.',
  limit: 'It stopped at a limit of its own.',
  error: 'The turn ended with an error. Its messages say which.',
};
const UNSAID = 'The turn ended with an error, and the agent did not say which.';

export interface TurnParts {
  transcript: Transcript;
  status: Pick<ChatStatus, 'status' | 'become' | 'does'>;
  asks: Asks;
  /** Why it waits for a new prompt, where it is not the agent that says so; null: nothing to say. */
  reason(): string | null;
  /** Nothing is left to interrupt. `taken`: nor is there a doubt that it took what it was given. */
  ended(taken: boolean): void;
}

export class Turn {
  readonly #parts: TurnParts;
  #works = false;
  /** The agent itself said or showed that it works. */
  #shown = false;
  #faulty = false;
  #closes = false;

  constructor(parts: TurnParts) {
    this.#parts = parts;
  }

  /** It works, or waits for an answer: it takes no prompt, and may be interrupted. */
  get works(): boolean {
    return this.#works || this.#parts.asks.waiting > 0;
  }

  /** A prompt is given to it. */
  given(): void {
    this.#shown = this.#works && this.#shown;
    this.#begin();
  }
  /** It says that it works. */
  running(): void {
    this.#shown = true;
    this.#begin();
  }
  /** Some part of its answer. */
  said(activity: Activity): void {
    if (this.#works) this.#shown = true;
    this.#parts.status.does(activity);
  }
  uses(kind: ToolKind): void {
    this.said(DOES[kind]);
  }
  fault(): void {
    this.#faulty = true;
  }

  asksChanged(): void {
    const { asks, status } = this.#parts;
    if (asks.waiting > 0) {
      this.#shown = true;
      const reason = asks.waiting === 1 ? 'It waits for an answer.' : `It waits for ${asks.waiting} answers.`;
      status.become('waiting', reason);
    } else if (this.#works) status.become('busy', null);
    else if (status.status === 'waiting' && !this.#closes) {
      // It asked between two turns.
      this.#parts.ended(false);
      status.become('idle', this.#parts.reason());
    }
  }

  /** The agent is idle. */
  over(stop: TurnStop): void {
    const { transcript, asks, status, reason, ended } = this.#parts;
    if (!this.#works && status.status === 'idle') {
      // Once more: nothing of what was said of the end changes.
      transcript.turnOver(false);
      return;
    }
    ended(this.#works && this.#shown);
    const worked = this.works;
    this.#works = false;
    this.#shown = false;
    this.#closes = true;
    asks.over('The turn is over.');
    this.#closes = false;
    if (stop === 'error' && worked && !this.#faulty) transcript.notice('error', UNSAID);
    this.#faulty = false;
    transcript.turnOver(stop === 'cancelled' || stop === 'error');
    status.become('idle', reason() ?? ENDS[stop]);
  }

  /** What it was given was not taken. */
  refused(): void {
    if (this.#works && !this.#shown) this.over('done');
  }

  /** Its agent is gone. */
  cut(): void {
    this.#works = false;
    this.#shown = false;
    this.#faulty = false;
    this.#parts.transcript.runOver();
  }

  #begin(): void {
    if (this.#works) return;
    const { transcript, status, asks } = this.#parts;
    // What came late, after the last one.
    transcript.turnOver(false);
    this.#works = true;
    status.become(asks.waiting > 0 ? 'waiting' : 'busy', null);
  }
}
