/** Interrupts an agent, and ends one that does not react. */
import type { Clock } from '../ports.ts';

/** An agent that works on after this does not react. */
const PATIENCE_MS = 10_000;
/** Asked again so long after a press: opencode and Codex forget an interrupt that comes before they have asked their model. */
const AGAIN_MS = [500, 1_500, 4_000];

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
  #timers: { cancel(): void }[] = [];
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
    // Whether it reacts is seen by what it does.
    const ask = async () => works() && cancel();
    const asked = () => void ask().catch(() => {});
    // Before it is asked: one that is over at once takes them with it, and they never meet its next turn.
    if (this.#timers.length === 0) {
      const after = (ms: number, act: () => void) => this.#timers.push(this.#clock.setTimeout(act, ms));
      for (const ms of AGAIN_MS) after(ms, asked);
      after(PATIENCE_MS, () => this.#late());
    }
    asked();
  }

  /** It does not work any more. */
  over(): void {
    this.#forget();
    this.#ignored = false;
  }

  #forget(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
  }

  #late(): void {
    this.#forget();
    if (!this.#target.works()) return;
    this.#ignored = true;
    const then = this.#target.resumable() ? 'end it; it then goes on with your next prompt' : 'end it';
    this.#target.notice(
      `The agent has not reacted to the interrupt for ${PATIENCE_MS / 1_000} seconds. Interrupt it once more to ${then}.`,
    );
  }
}
