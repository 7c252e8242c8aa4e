/** The state of a running session: what its signals say, and whether anybody hears them. The one place where its status changes. */
import type { Probe } from '@afield/shared/api/probes.ts';
import type { Session, SessionStatus } from '@afield/shared/api/sessions.ts';
import { timestamp } from '../clock.ts';
import type { Clock, Recipe, SessionRow } from '../ports.ts';
import type { Reading } from '../state/state-reader.ts';
import { TwoSignals } from '../state/two-signals.ts';
import type { TerminalSession } from '../terminal/terminal.ts';
import { Track } from '../track.ts';
import { Presence } from './presence.ts';
import type { SessionRecord } from './record.ts';
import { SessionWatch, type WatchOptions } from './watch.ts';

export interface StateOptions {
  recipe: Recipe;
  deps: WatchOptions['deps'];
  limits: WatchOptions['limits'];
  record: SessionRecord;
  terminal: TerminalSession;
  view(): Session;
  /** The status changed, or the screen shows the present again. */
  changed(): void;
}

export class SessionState {
  readonly track: Track;
  readonly #options: StateOptions;
  readonly #clock: Clock;
  readonly #row: SessionRow;
  readonly #presence: Presence;
  readonly #watch: SessionWatch;
  readonly #signals: TwoSignals;
  #title: string;
  /** What its status said before the line to it was cut. */
  #reasonBefore: string | null = null;
  #lastTyped = Number.NEGATIVE_INFINITY;
  /** Nothing that is read counts any more: somebody ends it, or it is over. */
  ending = false;

  constructor(options: StateOptions) {
    const { record, view } = options;
    const { clock } = options.deps;
    this.#clock = clock;
    this.#options = options;
    this.#row = record.row;
    this.#title = this.#row.title ?? '';
    this.track = new Track(clock.monotonic());
    this.#watch = new SessionWatch(
      { ...options, row: this.#row, title: () => this.#title, lastTyped: () => this.#lastTyped },
      {
        read: (reading) => this.#signals.screen(reading),
        probed: (probe) => {
          record.publish('probe.result', { probe });
          record.log('probe', probe.reason, { verdict: probe.verdict, quiet_ms: probe.quiet_ms, facts: probe.facts });
        },
        done: (background) => record.publish('agent.idle', { session: view(), background }),
        answered: (text, detail) => record.log('approval', text, detail),
      },
    );
    this.#signals = new TwoSignals(clock, {
      signs: () => this.#watch.signs(),
      read: (reading) => this.#read(reading),
      differ: (heard, seen) =>
        record.log(
          'system',
          `What is heard of the agent (${heard.status}) and what its screen shows (${seen.status}) have differed for long.`,
          {
            heard: heard.status,
            seen: seen.status,
          },
        ),
    });
    this.#presence = new Presence(this.#row.machine, clock, {
      cut: (sentence, why) => {
        this.#reasonBefore = this.#row.status_reason;
        record.log('system', why === null ? sentence : `${sentence} ${why}`);
        this.become(this.#row.status, sentence);
      },
      reached: () => this.become(this.#row.status, this.#reasonBefore),
      recovered: (sentence, recovered) => {
        record.log('system', sentence, { ...recovered });
        if (recovered.bytes > 0) record.publish('session.recovered', { session: view(), ...recovered });
      },
      current: () => this.watch(false),
      stale: () => this.#watch.pause(),
    });
  }

  /** What is said of a program that nobody reaches; null: it is reached. */
  get cut(): string | null {
    return this.#presence.cut;
  }
  /** False while what was missed is still coming, or nobody reaches it. */
  get current(): boolean {
    return this.#watch.current;
  }
  /** On the monotonic clock; null: nobody has typed. */
  get lastTypedAt(): number | null {
    return Number.isFinite(this.#lastTyped) ? this.#lastTyped : null;
  }
  get sinceTyped(): number {
    return this.#clock.monotonic() - this.#lastTyped;
  }

  /** From now on the screen shows what the program shows. `fresh`: it was just started. */
  watch(fresh: boolean): void {
    if (this.ending) return;
    const { terminal, changed } = this.#options;
    terminal.holdSize(false);
    this.#watch.begin(fresh);
    this.#signals.again();
    changed();
  }

  /** What a companion says of it; null: nothing. It comes before everything else. */
  heard(reading: Reading | null): void {
    this.#signals.companion(reading);
  }

  /** A companion says something, whatever. */
  sound(): void {
    this.#signals.sound();
  }

  /** Why it is quiet. */
  async probe(): Promise<Probe> {
    if (this.current) return this.#watch.probe();
    const facts = {
      title: this.#row.title,
      reading: null,
      sample_ms: 0,
      processes: null,
      cpu_ms: null,
      io_bytes: null,
      sockets: null,
      top: [],
    };
    const reason = this.cut ?? 'What it printed meanwhile is still being fetched.';
    return { session_id: this.#row.id, timestamp: timestamp(this.#clock), verdict: 'unknown', reason, quiet_ms: 0, facts };
  }

  /** An earlier server started it; nobody listened for so long. */
  resumed(away_ms: number): void {
    this.#presence.resumed(away_ms);
  }

  line(line: { up: boolean; detail: string | null }): void {
    this.#presence.line(line);
  }

  printed(bytes: number, recovered: boolean): void {
    this.track.output(bytes, this.#clock.monotonic());
    this.#presence.printed(bytes, recovered);
  }

  drawn(): void {
    this.#watch.drawn();
  }

  retitled(title: string): void {
    this.#title = title;
    this.#row.title = title === '' ? null : title;
    this.#watch.titled();
    this.#options.record.saveSoon();
  }

  /** A person pressed keys; or keys of a prompt follow. */
  typed(): void {
    this.#lastTyped = this.#clock.monotonic();
    this.#watch.typed();
    this.keys();
  }
  keys(): void {
    this.#watch.keys();
  }

  /** False: what it rang for was long ago. */
  rang(): boolean {
    this.#watch.rang();
    return this.current;
  }

  become(status: SessionStatus, status_reason: string | null, more: Partial<SessionRow> = {}): void {
    const { record, view, changed } = this.#options;
    const previous = this.#row.status;
    this.track.waiting(status === 'waiting', this.#clock.monotonic());
    record.save({ activity: status === 'busy' ? this.#row.activity : null, ...more, status, status_reason });
    record.publish('session.status_changed', { session: view(), previous });
    if (previous !== status) record.log('state', status_reason === null ? status : `${status}: ${status_reason}`, { status, previous });
    this.#watch.became(status);
    changed();
  }

  /** Nothing will be printed any more. */
  stop(): void {
    this.#presence.end();
    this.#signals.stop();
    this.ending = true;
    this.#watch.pause();
  }

  #read({ status, reason, activity }: Reading): void {
    if (this.ending || !this.current) return;
    const row = this.#row;
    // After an absence it is mostly what it was.
    if (status === row.status && reason === row.status_reason && activity === row.activity) this.#watch.became(status);
    else this.become(status, reason, { activity });
  }
}
