/** A value that can be watched. */
export interface Observable<T> {
  readonly value: T;
  /** Calls `listener` with the value now and after every change, until the function it returns is called. */
  subscribe(listener: (value: T) => void): () => void;
}

/** An `Observable` for the one who owns the value. */
export class Watched<T> implements Observable<T> {
  #value: T;
  readonly #listeners = new Set<(value: T) => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set value(value: T) {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const listener of [...this.#listeners]) {
      // A listener may have ended another's subscription, or set a newer value which all have been told already.
      if (this.#listeners.has(listener) && Object.is(this.#value, value)) listener(value);
    }
  }

  subscribe(listener: (value: T) => void): () => void {
    const own = (value: T) => listener(value);
    this.#listeners.add(own);
    own(this.#value);
    return () => this.#listeners.delete(own);
  }
}
