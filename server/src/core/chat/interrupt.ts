/** Interrupts an agent, and ends one that does not react. */
import type { Clock } from '../ports.ts';

/** An agent that works on after this does not react. */
const PATIENCE_MS = 10_000;

export interface InterruptTarget {
  /** It is at work, or waits for an answer. */
  works(): boolean;
  cancel(): Promise<void>;
  /** It can go on after an end. */
  resumable(): boolean;
  notice(text: string): void;
  /** Ends its agent. */
  end(): Promise<void>;
}

export class Interrupt {
  readonly #clock: Clock;
  readonly #target: InterruptTarget;
  #timer: { cancel(): void } | null = null;
  #ignored = false;

  constructor(clock: Clock, target: InterruptTarget) {
    this.#clock = clock;
    this.#target = target;
  }

  /** Nothing to interrupt is no error. The second time, after the agent has not reacted, it is ended. */
  async press(): Promise<void> {
    const { works, cancel, end } = this.#target;
    if (!works()) return;
    if (this.#ignored) {
      this.over();
      return end();
    }
    this.#timer ??= this.#clock.setTimeout(() => this.#late(), PATIENCE_MS);
    // Whether it reacts is seen by what it does.
    cancel().catch(() => {});
  }

  /** It does not work any more. */
  over(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#ignored = false;
  }

  #late(): void {
    this.#timer = null;
    if (!this.#target.works()) return;
    this.#ignored = true;
    const then = this.#target.resumable() ? 'end it; it then goes on with your next prompt' : 'end it';
    this.#target.notice(
      `The agent has not reacted to the interrupt for ${PATIENCE_MS / 1_000} seconds. Interrupt it once more to ${then}.`,
    );
  }
}
