import type { Clock } from './clock.ts';

/** Everything that is under way in memory arrives. */
export const arrived = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** A clock that stands still until a test moves it, and chance that is always the same. For tests. */
export class ManualClock implements Clock {
  chance = 0.5;
  /** What timers go by. */
  #elapsed = 0;
  #wall = Date.UTC(2026, 10, 20, 12);
  readonly #timers = new Map<number, { due: number; run: () => void }>();
  #last = 0;

  now(): number {
    return this.#wall + this.#elapsed;
  }

  random(): number {
    return this.chance;
  }

  setTimeout(run: () => void, ms: number): number {
    this.#timers.set(++this.#last, { due: this.#elapsed + Math.max(0, ms), run });
    return this.#last;
  }

  clearTimeout(handle: unknown): void {
    this.#timers.delete(handle as number);
  }

  /** The clock on the wall is set, or the device slept: timers do not notice. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Lets time pass: what falls due runs in order, and what it sends arrives before the next. */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms;
    await arrived();
    for (let next = this.#earliest(end); next !== null; next = this.#earliest(end)) {
      const [handle, { due, run }] = next;
      this.#timers.delete(handle);
      this.#elapsed = Math.max(this.#elapsed, due);
      run();
      await arrived();
    }
    this.#elapsed = Math.max(this.#elapsed, end);
  }

  #earliest(end: number): [number, { due: number; run: () => void }] | null {
    let found: [number, { due: number; run: () => void }] | null = null;
    for (const timer of this.#timers) {
      if (timer[1].due <= end && (found === null || timer[1].due < found[1].due)) found = timer;
    }
    return found;
  }
}
