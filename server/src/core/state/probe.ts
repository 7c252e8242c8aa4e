/**
 * Finds out why a session is quiet, by itself after a while and when somebody asks. What it sees of processes corrects a status only
 * where nothing stronger decides it (see `state-reader.ts`).
 */
import type { Probe } from '@afield/shared/api/probes.ts';
import { timestamp } from '../clock.ts';
import { inTime } from '../in-time.ts';
import type { ProcessFacts } from '../machine-ports.ts';
import type { Clock } from '../ports.ts';
import type { Reading } from './state-reader.ts';
import { type Judgement, judge, type Look } from './verdict.ts';

const SAMPLE_MS = 1_000;
/** A machine that does not answer by then cannot be seen. */
const ANSWER_MS = SAMPLE_MS + 5_000;
/** After the first, by itself, while it stays quiet; then again after each of the last. */
const STEPS_MS = [120_000, 600_000, 3_600_000] as const;
/** An answer is good for so long. */
const FRESH_MS = 5_000;
const TOP = 8;

export interface ProbeSubject {
  session_id: string;
  shell: boolean;
  knownFace: boolean;
  title(): string | null;
  /** What its rules or its bell say. */
  reading(): Reading | null;
  foreign(): boolean | null;
  alternate(): boolean;
  /** When something happened last, on the monotonic clock: it printed, or somebody typed. */
  movedAt(): number;
  /** Null: nobody can see them. May fail. */
  processes(sample_ms: number): Promise<ProcessFacts | null>;
  /** Its processes work, or do not: no rule fits, and this decides before silence does. */
  observed(working: boolean): void;
  /** The verdict or the sentence is another one than before. */
  told(probe: Probe): void;
}

export class Prober {
  readonly #clock: Clock;
  readonly #afterMs: number;
  readonly #subject: ProbeSubject;
  #timer: { cancel(): void } | null = null;
  /** Since when it is quiet, and how often it was looked at by itself since then. */
  #quietSince = Number.NaN;
  #step = 0;
  #last: { probe: Probe; at: number } | null = null;
  #kind: string | null = null;
  #running: Promise<Probe> | null = null;
  /** Its status comes from processes that work without a sign: looked at more often, since nothing else tells their end. */
  #works = false;
  #stopped = true;

  constructor(clock: Clock, afterMs: number, subject: ProbeSubject) {
    this.#clock = clock;
    this.#afterMs = afterMs;
    this.#subject = subject;
  }

  /** Looks by itself from now on. */
  start(): void {
    this.#stopped = false;
    this.#arm();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** Looks now, unless it has just done so. */
  async probe(): Promise<Probe> {
    if (this.#last !== null && this.#clock.monotonic() - this.#last.at < FRESH_MS) return this.#last.probe;
    this.#running ??= this.#look().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** Quiet for so long before it is looked at again. */
  get #due(): number {
    if (this.#step === 0) return this.#afterMs;
    if (this.#works) return this.#afterMs * (this.#step + 1);
    const steps = STEPS_MS.filter((ms) => ms > this.#afterMs);
    const last = STEPS_MS.at(-1)!;
    return steps[this.#step - 1] ?? Math.max(last, this.#afterMs) * (this.#step - steps.length + 1);
  }

  /** Milliseconds until it has been quiet for long enough. */
  get #left(): number {
    const moved = this.#subject.movedAt();
    if (moved !== this.#quietSince) {
      this.#quietSince = moved;
      this.#step = 0;
      this.#works = false;
    }
    return moved + this.#due - this.#clock.monotonic();
  }

  #arm(): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#stopped || this.#afterMs === 0) return;
    // In between it may have moved, and be quiet again long before.
    this.#timer = this.#clock.setTimeout(() => void this.#fire(), Math.max(1, Math.ceil(Math.min(this.#left, this.#afterMs))));
  }

  async #fire(): Promise<void> {
    if (this.#left <= 0) {
      this.#step++;
      await this.probe();
    }
    this.#arm();
  }

  async #look(): Promise<Probe> {
    const begun = this.#clock.monotonic();
    const facts = await inTime(this.#clock, ANSWER_MS, () => this.#subject.processes(SAMPLE_MS));
    const moved = this.#subject.movedAt();
    const look: Look = {
      reading: this.#subject.reading(),
      quietMs: Math.max(0, Math.round(this.#clock.monotonic() - moved)),
      facts,
      shell: this.#subject.shell,
      knownFace: this.#subject.knownFace,
      foreign: this.#subject.foreign(),
      alternate: this.#subject.alternate(),
    };
    const judgement = judge(look);
    const probe = this.#probeOf(look, judgement);
    this.#last = { probe, at: this.#clock.monotonic() };
    // What moved meanwhile speaks for itself.
    if (moved <= begun && !this.#stopped) this.#conclude(look, judgement);
    const kind = `${judgement.verdict} ${judgement.kind}`;
    if (kind !== this.#kind) {
      this.#kind = kind;
      this.#subject.told(probe);
    }
    return probe;
  }

  #conclude({ reading }: Look, { working }: Judgement): void {
    this.#works = reading === null && working === true;
    if (working !== null) this.#subject.observed(working);
  }

  #probeOf({ reading, quietMs, facts }: Look, { verdict, reason }: Judgement): Probe {
    return {
      session_id: this.#subject.session_id,
      timestamp: timestamp(this.#clock),
      verdict,
      reason,
      quiet_ms: quietMs,
      facts: {
        title: this.#subject.title(),
        reading: reading?.status ?? null,
        sample_ms: facts?.sample_ms ?? 0,
        processes: facts?.processes ?? null,
        cpu_ms: facts?.cpu_ms ?? null,
        io_bytes: facts?.io_bytes ?? null,
        sockets: facts?.sockets ?? null,
        top: (facts?.children ?? []).toSorted((a, b) => b.cpu_ms - a.cpu_ms).slice(0, TOP),
      },
    };
  }
}
