/** An answer is given by a press and a release on the same button, and by none that began before one could read what it does. */

/** Buttons ignore what is pressed so soon after they appeared or moved. */
export const STEADY_MS = 400;
/** A button that moved further than this under a finger is another place. */
const MOVED_PX = 8;

interface Target {
  getBoundingClientRect(): { top: number; left: number };
}

export class SteadyPress {
  readonly #now: () => number;
  #since: number;
  /** Null: a press that did not count. Undefined: none was seen (a keyboard, or a reader of the screen). */
  #pressed: { target: Target; top: number; left: number } | null | undefined;

  constructor(now: () => number) {
    this.#now = now;
    this.#since = now();
  }

  /** The buttons appeared, or stand elsewhere now. */
  moved(): void {
    this.#since = this.#now();
    if (this.#pressed !== undefined) this.#pressed = null;
  }

  down(target: Target): void {
    const { top, left } = target.getBoundingClientRect();
    this.#pressed = this.#steady() ? { target, top, left } : null;
  }

  /** True when the click counts. `byKeys`: it came without a pointer. */
  click(target: Target, byKeys: boolean): boolean {
    const pressed = this.#pressed;
    this.#pressed = undefined;
    if (byKeys || pressed === undefined) return this.#steady();
    if (pressed === null || pressed.target !== target) return false;
    const { top, left } = target.getBoundingClientRect();
    return Math.abs(top - pressed.top) <= MOVED_PX && Math.abs(left - pressed.left) <= MOVED_PX;
  }

  #steady(): boolean {
    return this.#now() - this.#since >= STEADY_MS;
  }
}
