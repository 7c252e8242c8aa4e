/** What the log of a session gets beside its states: what became visible, who typed how much, bells. */

import type { Clock, PromptRow } from '../ports.ts';
import type { SessionRecord } from '../sessions/record.ts';
import type { Screen } from '../terminal/screen.ts';
import { InputLog } from './input-log.ts';
import { OutputLog, type Seen } from './output-log.ts';

/** A bell is noted this often at most. */
const BELL_MS = 10_000;
const PROMPT_CHARACTERS = 4 * 1024;

export class SessionLog {
  readonly #clock: Clock;
  readonly #record: SessionRecord;
  readonly #output: OutputLog;
  readonly #input: InputLog;
  #lastBell = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, screen: Screen, record: SessionRecord) {
    this.#clock = clock;
    this.#record = record;
    this.#output = new OutputLog(clock, screen, (text, left) =>
      record.log('output', text, { at: screen.offset, ...(left === 0 ? {} : { lines_left_out: left }) }),
    );
    this.#input = new InputLog(clock, (device_name, bytes) =>
      record.log('input', `${device_name} typed ${bytes} bytes.`, { device_name, bytes }),
    );
  }

  drawn(): void {
    this.#output.touch();
  }

  /** What is visible now is written; what is visible after it is no news. */
  flushOutput(): void {
    this.#output.flush();
  }
  rebase(): void {
    this.#output.rebase();
  }
  /** `seen`: when it was logged last; null: it is not known, so what is visible now counts as logged. */
  goOn(seen: Seen | null): void {
    if (seen === null) this.#output.rebase();
    else this.#output.goOn(seen);
  }

  typed(bytes: number, device_name: string): void {
    this.#input.typed(device_name, bytes);
  }

  prompted({ id, content }: PromptRow): void {
    this.#record.log('input', content.slice(0, PROMPT_CHARACTERS), { prompt_id: id, characters: content.length });
  }

  rang(): void {
    const now = this.#clock.monotonic();
    if (now - this.#lastBell < BELL_MS) return;
    this.#lastBell = now;
    this.#record.log('system', 'The program rang the bell.');
  }

  stop(): void {
    this.#output.stop();
    this.#input.flush();
  }
}
