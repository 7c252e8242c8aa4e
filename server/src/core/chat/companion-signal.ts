/** What a companion hears of its agent's state, as the strongest signal of a terminal session: told when it changes. */
import type { Activity, SessionStatus } from '@afield/shared/api/sessions.ts';
import type { Clock } from '../ports.ts';
import type { Reading } from '../state/state-reader.ts';

/** What it does is told this often at most. */
const ACTIVITY_MS = 250;
/** What it asks comes with its word that it waits, or soon after. */
const WAITS_MS = 300;

export class CompanionSignal {
  readonly #clock: Clock;
  readonly #tell: (reading: Reading | null) => void;
  /** Null: nothing was heard. */
  #reading: Reading | null = null;
  #activityAt = Number.NEGATIVE_INFINITY;
  #timer: { cancel(): void } | null = null;
  /** What was told last, while what is heard is of earlier; undefined: it is of now. */
  #held: Reading | null | undefined;

  constructor(clock: Clock, tell: (reading: Reading | null) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  get status(): SessionStatus {
    return this.#reading?.status ?? 'starting';
  }

  become(status: SessionStatus, reason: string | null): void {
    if (status !== 'busy' && status !== 'idle' && status !== 'waiting') return;
    const activity = status === 'busy' && this.#reading?.status === 'busy' ? this.#reading.activity : null;
    this.#set({ status, reason, activity, seen: true });
  }

  /** What it does, while it is busy. */
  does(activity: Activity): void {
    this.#cancel();
    if (this.#reading?.status !== 'busy' || this.#reading.activity === activity) return;
    const wait = this.#activityAt + ACTIVITY_MS - this.#clock.monotonic();
    if (wait > 0) this.#timer = this.#clock.setTimeout(() => this.does(activity), Math.ceil(wait));
    else {
      this.#activityAt = this.#clock.monotonic();
      this.#set({ ...this.#reading, activity });
    }
  }

  /** It waits, and nobody knows for what: the screen tells more. */
  waits(): void {
    if (this.#reading?.status === 'waiting') return;
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimeout(() => this.#set({ status: 'waiting', reason: null, activity: null, seen: false }), WAITS_MS);
  }
  /** It goes on after that. */
  goesOn(): void {
    if (this.#reading?.status !== 'waiting') this.#cancel();
    else if (!this.#reading.seen) this.become('busy', null);
  }

  /** Nobody hears the agent any more. */
  away(): void {
    this.hold(false);
    this.#set(null);
  }

  /** True: what is said is of earlier, and told when that is over. */
  hold(held: boolean): void {
    if (held) this.#held ??= this.#reading;
    else {
      const before = this.#held;
      this.#held = undefined;
      if (before !== undefined) this.#change(before);
    }
  }

  #cancel(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #set(reading: Reading | null): void {
    this.#cancel();
    const before = this.#reading;
    this.#reading = reading;
    if (this.#held === undefined) this.#change(before);
  }

  #change(before: Reading | null): void {
    const now = this.#reading;
    if (before?.status !== now?.status || before?.reason !== now?.reason || before?.activity !== now?.activity) this.#tell(now);
  }
}
