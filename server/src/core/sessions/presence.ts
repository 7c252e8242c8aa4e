/** Whether the mirror shows what the program shows now: not while the line to it is cut, nor while what was missed is still coming. */
import { LOCAL_MACHINE } from '@afield/shared/api/base.ts';
import type { Clock } from '../ports.ts';
import { type Recovered, Recovery, recoveredText } from './recovery.ts';

export interface PresenceEvents {
  /** Nobody reaches the program: a sentence for its status, and why. It runs on all the same. */
  cut(sentence: string, why: string | null): void;
  /** It is reached again. */
  reached(): void;
  /** What it printed meanwhile is here. */
  recovered(sentence: string, recovered: Recovered): void;
  /** The mirror shows the present; and no longer. */
  current(): void;
  stale(): void;
}

export class Presence {
  readonly #machine: string;
  readonly #clock: Clock;
  readonly #tell: PresenceEvents;
  readonly #recovery: Recovery;
  /** When the line was cut, on the monotonic clock, and the sentence. */
  #cut: { at: number; sentence: string } | null = null;
  #away = 'The home server was away';

  constructor(machine: string, clock: Clock, tell: PresenceEvents) {
    this.#machine = machine;
    this.#clock = clock;
    this.#tell = tell;
    this.#recovery = new Recovery(clock, (recovered) => {
      tell.recovered(recoveredText(this.#away, recovered), recovered);
      if (this.#cut === null) tell.current();
    });
  }

  /** What is said of a program that nobody reaches; null: it is reached. */
  get cut(): string | null {
    return this.#cut?.sentence ?? null;
  }

  /** `away_ms`: how long no home server was there. */
  resumed(away_ms: number): void {
    this.#reach();
    this.#recovery.begin(away_ms);
  }

  line({ up, detail }: { up: boolean; detail: string | null }): void {
    if (up === (this.#cut === null)) return;
    const local = this.#machine === LOCAL_MACHINE;
    if (this.#cut !== null) {
      const away = this.#clock.monotonic() - this.#cut.at;
      this.#away = local ? 'Its terminal was not reached' : `The line to ${this.#machine} was cut`;
      this.#reach();
      this.#recovery.begin(away);
      return;
    }
    const sentence = local
      ? 'Its terminal is not reached now; it goes on there.'
      : `The line to ${this.#machine} is cut; it goes on there.`;
    this.#cut = { at: this.#clock.monotonic(), sentence };
    this.#tell.stale();
    this.#tell.cut(sentence, detail);
  }

  printed(bytes: number, late: boolean): void {
    if (late && !this.#recovery.active) this.#tell.stale();
    if (late) this.#recovery.add(bytes);
    else this.#recovery.end();
  }

  /** Nothing will come any more. */
  end(): void {
    this.#recovery.end();
  }

  #reach(): void {
    if (this.#cut === null) return;
    this.#cut = null;
    this.#tell.reached();
  }
}
