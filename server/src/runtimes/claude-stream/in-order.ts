/** Does things one after the other: at once, unless one of them is waited for. */
export class InOrder {
  #held: Promise<void> | null = null;

  do(take: () => undefined | Promise<void>): void {
    const taken = this.#held === null ? take() : this.#held.then(take);
    if (taken === undefined) return;
    const held: Promise<void> = taken.finally(() => {
      if (this.#held === held) this.#held = null;
    });
    this.#held = held;
  }

  async settled(): Promise<void> {
    while (this.#held !== null) await this.#held;
  }
}
