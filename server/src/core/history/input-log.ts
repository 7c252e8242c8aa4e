import type { Clock } from '../ports.ts';

/** Keys typed within this time make one entry. */
const GATHER_MS = 5_000;

/** Says who typed, and how much; never what: it may be a password. */
export class InputLog {
  readonly #clock: Clock;
  readonly #write: (device_name: string, bytes: number) => void;
  readonly #typed = new Map<string, number>();
  #timer: { cancel(): void } | null = null;

  constructor(clock: Clock, write: (device_name: string, bytes: number) => void) {
    this.#clock = clock;
    this.#write = write;
  }

  typed(device_name: string, bytes: number): void {
    this.#typed.set(device_name, (this.#typed.get(device_name) ?? 0) + bytes);
    this.#timer ??= this.#clock.setTimeout(() => this.flush(), GATHER_MS);
  }

  flush(): void {
    this.#timer?.cancel();
    this.#timer = null;
    for (const [device_name, bytes] of this.#typed) this.#write(device_name, bytes);
    this.#typed.clear();
  }
}
