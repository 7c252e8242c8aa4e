/** The last hour in this many bars. */
const BARS = 26;
const BAR_MS = 3_600_000 / BARS;
const WAITED = 9;
/** A bar's height grows by one with each doubling from here on; 8 is 32 KiB and more in 138 s. */
const FIRST_STEP_BYTES = 256;

/** How lively a session was in the last hour: bytes of output, and where it waited for its person. Times in ms of one monotonic clock. */
export class Track {
  #bars: { bytes: number; waited: boolean }[] = emptyBars();
  /** Number of the newest bar, counted from the clock's beginning. */
  #newest: number;
  #waiting = false;

  constructor(now: number) {
    this.#newest = Math.floor(now / BAR_MS);
  }

  output(bytes: number, now: number): void {
    this.#roll(now);
    this.#bars[BARS - 1]!.bytes += bytes;
  }

  waiting(waits: boolean, now: number): void {
    this.#roll(now);
    this.#waiting = waits;
    if (waits) this.#bars[BARS - 1]!.waited = true;
  }

  /** Oldest first: 0 quiet, 1 to 8 height of activity, 9 waited for its person. */
  bars(now: number): number[] {
    this.#roll(now);
    return this.#bars.map(({ bytes, waited }) => (waited ? WAITED : height(bytes)));
  }

  #roll(now: number): void {
    const current = Math.floor(now / BAR_MS);
    const missed = Math.min(current - this.#newest, BARS);
    for (let i = 0; i < missed; i++) this.#bars.push({ bytes: 0, waited: this.#waiting });
    this.#bars = this.#bars.slice(-BARS);
    this.#newest = Math.max(this.#newest, current);
  }
}

/** The track of a session that ended long ago. */
export function emptyTrack(): number[] {
  return new Array<number>(BARS).fill(0);
}

function emptyBars(): { bytes: number; waited: boolean }[] {
  return Array.from({ length: BARS }, () => ({ bytes: 0, waited: false }));
}

function height(bytes: number): number {
  if (bytes === 0) return 0;
  return Math.min(8, 1 + Math.floor(Math.log2(1 + bytes / FIRST_STEP_BYTES)));
}
