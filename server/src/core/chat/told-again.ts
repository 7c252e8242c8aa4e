/**
 * Whoever joins an agent again is told its history once more, from the beginning or a part of it. Until something new comes, or it is quiet,
 * the state of then is not the state of now, and what has no key is there already.
 */
import type { ChatUpdate } from '../chat-ports.ts';
import type { Clock } from '../ports.ts';

const QUIET_MS = 300;

export interface ToldAgainEvents {
  /** An item of this key is there already. */
  knows(role: 'agent' | 'thought' | 'user' | 'tool', key: string): boolean;
  /** True from the first update on until it is over. */
  again(now: boolean): void;
}

export class ToldAgain {
  readonly #clock: Clock;
  readonly #events: ToldAgainEvents;
  /** `next`: from the next update on. */
  #phase: 'live' | 'next' | 'again' = 'live';
  /** Something with a key was told again. */
  #keyed = false;
  #timer: { cancel(): void } | null = null;

  constructor(clock: Clock, events: ToldAgainEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  /** It will be joined again, or is for the first time by this server. */
  expect(): void {
    this.stop();
    this.#phase = 'next';
    this.#keyed = false;
  }

  /** Call with each update. True: it is there already, though it has no key. */
  take(update: ChatUpdate): boolean {
    if (this.#phase === 'live') return false;
    if (this.#phase === 'next') {
      this.#phase = 'again';
      this.#events.again(true);
    }
    const known = this.#known(update);
    if (known === false) {
      this.#over();
      return false;
    }
    this.#keyed ||= known === true;
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimeout(() => this.#over(), QUIET_MS);
    return this.#keyed && (update.type === 'plan' || update.type === 'notice' || update.type === 'unknown');
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#phase = 'live';
  }

  #over(): void {
    this.stop();
    this.#events.again(false);
  }

  /** Null: it has no key. */
  #known(update: ChatUpdate): boolean | null {
    if (update.type === 'tool' || update.type === 'tool_output') return this.#events.knows('tool', update.key);
    if (update.type === 'text' || update.type === 'text_done') return this.#events.knows(update.role, update.key);
    return null;
  }
}
