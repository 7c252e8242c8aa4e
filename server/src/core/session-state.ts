/** The state of a running session: what its signals say, and whether anybody hears them. The one place where its status changes. */
import type { Session, SessionStatus } from '@afield/shared/api/sessions.ts';
import type { Clock, Recipe, SessionRow } from './ports.ts';
import { Presence } from './presence.ts';
import type { SessionRecord } from './session-record.ts';
import { type Reading, StateReader } from './state-reader.ts';
import type { TerminalSession } from './terminal.ts';
import { Track } from './track.ts';

export interface StateOptions {
  recipe: Recipe;
  clock: Clock;
  record: SessionRecord;
  terminal: TerminalSession;
  view(): Session;
  /** The status changed, or the screen shows the present again. */
  changed(): void;
}

export class SessionState {
  readonly track: Track;
  readonly #options: StateOptions;
  readonly #row: SessionRow;
  readonly #presence: Presence;
  /** Only while the screen shows what the program shows now. */
  #reader: StateReader | null = null;
  #title: string;
  /** What its status said before the line to it was cut. */
  #reasonBefore: string | null = null;
  #lastTyped = Number.NEGATIVE_INFINITY;
  /** Nothing that is read counts any more: somebody ends it, or it is over. */
  ending = false;

  constructor(options: StateOptions) {
    const { clock, record, view } = options;
    this.#options = options;
    this.#row = record.row;
    this.#title = this.#row.title ?? '';
    this.track = new Track(clock.monotonic());
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
      current: () => {
        this.watch();
        // What it shows came before it was watched.
        this.#reader?.output();
      },
      stale: () => this.#unwatch(),
    });
  }

  /** What is said of a program that nobody reaches; null: it is reached. */
  get cut(): string | null {
    return this.#presence.cut;
  }
  /** False while what was missed is still coming, or nobody reaches it. */
  get current(): boolean {
    return this.#reader !== null;
  }
  /** On the monotonic clock; null: nobody has typed. */
  get lastTypedAt(): number | null {
    return Number.isFinite(this.#lastTyped) ? this.#lastTyped : null;
  }
  get sinceTyped(): number {
    return this.#options.clock.monotonic() - this.#lastTyped;
  }

  /** From now on the screen shows what the program shows. */
  watch(): void {
    if (this.ending) return;
    const { recipe, clock, terminal, changed } = this.#options;
    const { screen } = terminal;
    const signals = {
      title: () => this.#title,
      screen: () => screen.ruleText(),
      alternate: () => screen.alternate,
      foreignForeground: () => terminal.process?.foreignForeground() ?? null,
    };
    terminal.holdSize(false);
    this.#unwatch();
    this.#reader = new StateReader(recipe, clock, signals, (reading) => this.#read(reading));
    changed();
  }

  /** An earlier server started it; nobody listened for so long. */
  resumed(away_ms: number): void {
    this.#presence.resumed(away_ms);
  }

  line(line: { up: boolean; detail: string | null }): void {
    this.#presence.line(line);
  }

  printed(bytes: number, recovered: boolean): void {
    this.track.output(bytes, this.#options.clock.monotonic());
    this.#presence.printed(bytes, recovered);
  }

  drawn(): void {
    this.#reader?.output();
  }

  retitled(title: string): void {
    this.#title = title;
    this.#row.title = title === '' ? null : title;
    this.#reader?.title();
    this.#options.record.saveSoon();
  }

  /** A person pressed keys; or keys of a prompt follow. */
  typed(): void {
    this.#lastTyped = this.#options.clock.monotonic();
    this.keys();
  }
  keys(): void {
    this.#reader?.input();
  }

  become(status: SessionStatus, status_reason: string | null, more: Partial<SessionRow> = {}): void {
    const { record, view, clock, changed } = this.#options;
    const previous = this.#row.status;
    this.track.waiting(status === 'waiting', clock.monotonic());
    record.save({ ...more, status, status_reason });
    record.publish('session.status_changed', { session: view(), previous });
    if (previous !== status) record.log('state', status_reason === null ? status : `${status}: ${status_reason}`, { status, previous });
    changed();
  }

  /** Nothing will be printed any more. */
  stop(): void {
    this.#presence.end();
    this.ending = true;
    this.#unwatch();
  }

  #unwatch(): void {
    this.#reader?.stop();
    this.#reader = null;
  }

  #read({ status, reason }: Reading): void {
    if (this.ending) return;
    // After an absence it is mostly what it was.
    if (status !== this.#row.status || reason !== this.#row.status_reason) this.become(status, reason);
  }
}
