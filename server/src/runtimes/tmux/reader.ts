/** Reads the byte log of one session from its spools, by position: a cut line, a pause or a new spool lose nothing and double nothing. */
import { pause } from '../../core/clock.ts';
import type { Follower, Host } from '../../core/machine-ports.ts';
import type { Clock } from '../../core/ports.ts';

/** A line that is cut again at once is not mended in a loop. */
const AGAIN_MS = 200;

export interface Spool {
  path: string;
  /** Position in the byte log of its first byte. */
  base: number;
}

export class SpoolReader {
  /** Position in the byte log after the last byte that was given. */
  position = 0;
  readonly #host: Host;
  readonly #clock: Clock;
  readonly #hear: (bytes: Buffer) => void;
  #spool: Spool | null = null;
  #follower: Follower | null = null;
  #paused = false;
  #stopped = false;
  #goal: { position: number; resolve(): void } | null = null;

  constructor(host: Host, clock: Clock, hear: (bytes: Buffer) => void) {
    this.#host = host;
    this.#clock = clock;
    this.#hear = hear;
  }

  /** Goes on in this spool, from a position of the byte log that lies in it. */
  follow(spool: Spool, position: number): void {
    this.#follower?.stop();
    this.#spool = spool;
    this.position = position;
    if (this.#stopped) return;
    const follower = this.#host.follow(spool.path, position - spool.base, {
      bytes: (bytes) => {
        if (follower === this.#follower) this.#got(bytes);
      },
      cut: () => {
        if (follower === this.#follower) void this.#again(spool);
      },
    });
    this.#follower = follower;
    if (this.#paused) follower.pause();
  }

  /** Resolves when everything up to there was given, or when nothing more will be. */
  reach(position: number): Promise<void> {
    if (this.#stopped || this.position >= position) return Promise.resolve();
    return new Promise((resolve) => {
      this.#goal = { position, resolve };
    });
  }

  pause(): void {
    this.#paused = true;
    this.#follower?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#follower?.resume();
  }

  stop(): void {
    this.#stopped = true;
    this.#follower?.stop();
    this.#follower = null;
    this.#goal?.resolve();
  }

  #got(bytes: Buffer): void {
    this.position += bytes.length;
    this.#hear(bytes);
    const goal = this.#goal;
    if (goal === null || this.position < goal.position) return;
    this.#goal = null;
    goal.resolve();
  }

  async #again(spool: Spool): Promise<void> {
    this.#follower?.stop();
    this.#follower = null;
    try {
      await pause(this.#clock, AGAIN_MS);
      await this.#host.up();
    } catch {
      // The machine is no longer ours: nothing more will come.
      this.stop();
      return;
    }
    // Meanwhile it may have been sent to another spool.
    if (!this.#stopped && this.#follower === null && this.#spool === spool) this.follow(spool, this.position);
  }
}
