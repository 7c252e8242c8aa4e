/** Counts what arrives late after an absence (of the home server, or of the line to a machine), and notices when all of it is there. */
import type { Clock } from '../ports.ts';

/** Nothing more is missing once nothing came for so long. */
const QUIET_MS = 300;
/** The first of it may have a long way. */
const FIRST_MS = 1_000;

export interface Recovered {
  bytes: number;
  away_ms: number;
}

export class Recovery {
  readonly #clock: Clock;
  readonly #done: (recovered: Recovered) => void;
  #awayMs = 0;
  #bytes = 0;
  #active = false;
  #lastAt = 0;
  #timer: { cancel(): void } | null = null;

  constructor(clock: Clock, done: (recovered: Recovered) => void) {
    this.#clock = clock;
    this.#done = done;
  }

  /** What is on the screen is not yet what the program shows now. */
  get active(): boolean {
    return this.#active;
  }

  /** The absence is over, what was missed comes now. */
  begin(away_ms: number): void {
    this.#awayMs = Math.max(0, Math.round(away_ms));
    this.#start(FIRST_MS);
  }

  /** Late bytes; without `begin` for an absence that nobody noticed. */
  add(bytes: number): void {
    this.#bytes += bytes;
    this.#lastAt = this.#clock.monotonic();
    if (!this.#active) this.#start(QUIET_MS);
    else if (this.#bytes === bytes) this.#arm(QUIET_MS);
  }

  /** Something arrived that is not late, or nothing will arrive any more. */
  end(): void {
    if (!this.#active) return;
    this.#timer?.cancel();
    const recovered = { bytes: this.#bytes, away_ms: this.#awayMs };
    this.#active = false;
    this.#bytes = 0;
    this.#awayMs = 0;
    this.#done(recovered);
  }

  #start(ms: number): void {
    this.#active = true;
    this.#arm(ms);
  }

  #arm(ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimeout(() => {
      const left = this.#bytes === 0 ? 0 : this.#lastAt + QUIET_MS - this.#clock.monotonic();
      if (left > 0) this.#arm(left);
      else this.end();
    }, ms);
  }
}

/** `away`: what was away, as the beginning of a sentence. */
export function recoveredText(away: string, { bytes, away_ms }: Recovered): string {
  const what = bytes === 0 ? 'Nothing was printed meanwhile.' : `${sizeText(bytes)} that the program printed meanwhile were fetched.`;
  return `${away} for ${durationText(away_ms)}. ${what}`;
}

function sizeText(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  return bytes < 1_000_000 ? `${Math.round(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function durationText(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}
