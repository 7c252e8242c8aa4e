/**
 * When an agent's turn is really done: its face says idle, nothing that it started during the turn works any more, and it was quiet for
 * three seconds. Agents stop and go on within a second, and are "finished" while their tests still run.
 */
import type { SessionStatus } from '@afield/shared/api/sessions.ts';
import { inTime } from '../in-time.ts';
import type { ProcessFacts } from '../machine-ports.ts';
import type { Clock } from '../ports.ts';
import { works } from './verdict.ts';

const QUIET_MS = 3_000;
/** Some draw on while they are idle: that holds nothing back for longer. */
const RESTLESS_MS = 12_000;
const SAMPLE_MS = 500;
/** A machine that does not answer by then holds nothing back. */
const ANSWER_MS = 5_000;
/** Programs that run and do nothing are looked at twice, so long apart: most are just ending. */
const SECOND_LOOK_MS = 5_000;
/** Between looks at programs that work, growing up to the longer. */
const AGAIN_MS = [3_000, 30_000] as const;
/** Programs that work without end (a build that watches) hold nothing back for longer. */
const PATIENCE_MS = 10 * 60_000;

export interface TurnSubject {
  /** When it last printed something, on the monotonic clock. */
  printedAt(): number;
  /** Null: nobody can see them. May fail. */
  processes(sample_ms: number): Promise<ProcessFacts | null>;
  /** The turn is done. `background`: programs that it started and that still run. */
  done(background: number): void;
}

export class TurnEnd {
  readonly #clock: Clock;
  readonly #subject: TurnSubject;
  /** Start of the turn that is not done; null: none is. */
  #since: number | null = null;
  /** Its first idle face ends its start, not a turn. */
  #started: boolean;
  #idleAt: number | null = null;
  #looks = 0;
  #calmLooks = 0;
  #timer: { cancel(): void } | null = null;

  /** `status`: what it was when an earlier server left it. */
  constructor(clock: Clock, status: SessionStatus, subject: TurnSubject) {
    this.#clock = clock;
    this.#subject = subject;
    this.#started = status !== 'starting';
    if (status === 'busy' || status === 'waiting') this.#since = clock.monotonic();
  }

  became(status: SessionStatus): void {
    if (status === 'idle') this.#idle();
    else if (status === 'busy') this.#goesOn();
    else this.stop();
  }

  /** Nothing is decided until it is busy or idle again. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#idleAt = null;
  }

  #goesOn(): void {
    this.stop();
    if (this.#started) this.#since ??= this.#clock.monotonic();
  }

  #idle(): void {
    this.#started = true;
    if (this.#since === null || this.#idleAt !== null) return;
    this.#idleAt = this.#clock.monotonic();
    this.#looks = 0;
    this.#calmLooks = 0;
    this.#in(QUIET_MS);
  }

  #in(ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimeout(() => void this.#check(), Math.ceil(ms));
  }

  async #check(): Promise<void> {
    const idleAt = this.#idleAt;
    if (idleAt === null || this.#since === null) return;
    const quietSince = Math.max(idleAt, Math.min(this.#subject.printedAt(), idleAt + RESTLESS_MS - QUIET_MS));
    const left = quietSince + QUIET_MS - this.#clock.monotonic();
    if (left > 0) return this.#in(left);
    const { young, busy } = await this.#own(this.#since);
    // It went on meanwhile.
    if (this.#idleAt !== idleAt) return;
    const waited = this.#clock.monotonic() - idleAt;
    if (busy && waited < PATIENCE_MS) {
      this.#calmLooks = 0;
      const [first, longest] = AGAIN_MS;
      this.#in(Math.min(first * 2 ** this.#looks++, longest));
    } else if (young > 0 && !busy && this.#calmLooks++ === 0) this.#in(SECOND_LOOK_MS);
    else {
      this.stop();
      this.#since = null;
      this.#subject.done(young);
    }
  }

  /** Programs that were started since: how many run, and whether one works. Helpers that ran before do not count. */
  async #own(since: number): Promise<{ young: number; busy: boolean }> {
    const facts = await inTime(this.#clock, ANSWER_MS, () => this.#subject.processes(SAMPLE_MS));
    if (facts === null) return { young: 0, busy: false };
    const age = this.#clock.monotonic() - since;
    const young = facts.children.filter(({ running_ms }) => running_ms <= age);
    return { young: young.length, busy: young.some((child) => works(child, facts.sample_ms)) };
  }
}
