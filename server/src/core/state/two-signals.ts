/**
 * Joins what a companion hears with what the screen shows. The companion comes first while it is heard. The screen wins where a wrong
 * state would harm: a dialog stands there (text typed into it would answer it), or it has been idle for long while the companion says that
 * it works, or it works and the companion says nothing any more.
 */
import type { Clock } from '../ports.ts';
import type { Reading } from './state-reader.ts';

/** So long may they differ: each has its own delays. */
const DIFFER_MS = 10_000;
/** A dialog that the companion does not know of is believed after so long: screens are redrawn in pieces. */
const DIALOG_MS = 3_000;

export interface TwoSignalsEvents {
  /** What the rules read from the screen now; null: no rule fits. */
  signs(): Reading | null;
  read(reading: Reading): void;
  /** They have differed for long: told once. */
  differ(heard: Reading, seen: Reading): void;
}

export class TwoSignals {
  readonly #clock: Clock;
  readonly #events: TwoSignalsEvents;
  /** Null: no companion, or it says nothing. */
  #heard: Reading | null = null;
  #screen: Reading | null = null;
  /** The screen wins until one of them says something else. */
  #overruled = false;
  #told = false;
  #timer: { cancel(): void } | null = null;
  #heardAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, events: TwoSignalsEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  screen(reading: Reading): void {
    const differs = reading.status !== this.#screen?.status;
    this.#screen = reading;
    this.#changed(differs);
  }

  companion(reading: Reading | null): void {
    const differs = reading?.status !== this.#heard?.status;
    this.#heard = reading;
    this.#changed(differs);
  }

  /** The companion says something, whatever. */
  sound(): void {
    this.#heardAt = this.#clock.monotonic();
  }

  /** Says once more what is the case. */
  again(): void {
    const reading = this.#joined();
    if (reading !== null) this.#events.read(reading);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #changed(differs: boolean): void {
    if (differs) {
      this.stop();
      this.#overruled = false;
      this.#watch();
    }
    this.again();
  }

  #joined(): Reading | null {
    const [heard, seen] = [this.#heard, this.#screen];
    if (heard === null || seen === null) return heard === null ? seen : explained(heard);
    if (heard.status === seen.status) return { ...heard, reason: heard.reason ?? seen.reason, activity: heard.activity ?? seen.activity };
    return this.#overruled || dialogOnly(heard, seen) ? seen : explained(heard);
  }

  #watch(): void {
    const [heard, seen] = [this.#heard, this.#screen];
    if (heard === null || seen === null || heard.status === seen.status) return;
    const hidden = heard.status === 'busy' && seen.status === 'waiting';
    this.#timer = this.#clock.setTimeout(() => this.#long(hidden ? DIFFER_MS - DIALOG_MS : 0), hidden ? DIALOG_MS : DIFFER_MS);
  }

  /** It is believed, whatever the screen shows: an approval that somebody can answer, or the end of a turn from one who still talks. */
  #trusted({ status, seen }: Reading): boolean {
    if (status === 'idle') return this.#clock.monotonic() - this.#heardAt < DIFFER_MS;
    return status === 'waiting' && seen;
  }

  /** They still differ. `more`: until that is long. */
  #long(more: number): void {
    this.#timer = null;
    const [heard, seen] = [this.#heard, this.#events.signs()];
    // Only what a rule reads counts against what was heard: silence is no sign.
    if (heard === null || seen === null || seen.status !== this.#screen?.status) return;
    if (more > 0) this.#timer = this.#clock.setTimeout(() => this.#long(0), more);
    else if (!this.#told) {
      this.#told = true;
      this.#events.differ(heard, seen);
    }
    if (this.#overruled || heard.status === seen.status) return;
    if (!this.#trusted(heard)) {
      this.#overruled = true;
      this.again();
    } else this.#timer ??= this.#clock.setTimeout(() => this.#long(0), DIFFER_MS);
  }
}

/** Nobody knows what it waits for. */
function explained(heard: Reading): Reading {
  return heard.status === 'waiting' && heard.reason === null
    ? { ...heard, reason: 'It waits for an answer. Look at its terminal.' }
    : heard;
}

/** Idle, says the companion, and a dialog that it does not know of stands on the screen. */
function dialogOnly(heard: Reading, seen: Reading): boolean {
  return heard.status === 'idle' && seen.status === 'waiting' && seen.seen;
}
