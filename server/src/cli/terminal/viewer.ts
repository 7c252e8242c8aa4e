/** One attachment of the desk to a session: bytes to the terminal, keys to the session, and a word when the line is gone. */
import type { AfieldError } from '@afield/shared/errors.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import type { ConnectionState, Link, Subscription, TerminalStream } from '@afield/shared/link/link.ts';
import { printable } from '../print/printable.ts';
import type { Desk, EndingSignal } from './desk.ts';
import type { Sight } from './fitted-screen.ts';
import { KeyReader, type ViewerKey } from './key-reader.ts';
import { ExactPainter, FittedPainter, type Painter } from './painter.ts';

export interface ViewOptions {
  link: Link;
  session_id: string;
  desk: Desk;
  /** `take`: this terminal decides the size. `look`: it adapts to the size that is. */
  lease: 'take' | 'look';
  /** Who decides the size now; null: nobody. */
  holder: string | null;
  now(): number;
}

/** Why the desk is no longer attached. Only with `ended` the session is over. */
export type ViewEnd =
  | { kind: 'detached' | 'ended' | 'forbidden' }
  | { kind: 'failed'; error: AfieldError | null }
  | { kind: 'refused'; detail: string }
  | { kind: 'signal'; signal: EndingSignal };

/** The countdown to the next attempt is written anew this often. */
const NOTICE_MS = 1000;
/** Changes of the window come in bursts while it is drawn larger. */
const RESIZE_MS = 60;
const PAN_STEPS = { up: [0, -1], down: [0, 1], left: [-1, 0], right: [1, 0] } as const;
const LEAVE = 'Ctrl-\\ leaves';

/** What a person is told while there is no line. `uncertain`: keys were typed of which nothing was heard. */
export function awayNotice(state: ConnectionState, now: number, uncertain = false): string | null {
  if (state.state === 'connecting') return ` Connecting … · ${LEAVE} `;
  if (state.state !== 'reconnecting') return null;
  const what = {
    home_offline: 'The home server does not answer.',
    relay_down: 'The relay does not answer.',
    broken: 'The connection broke. The session goes on at home.',
    offline: 'This machine has no network.',
  }[state.cause];
  const seconds = state.next_try_at === null ? 0 : Math.ceil((state.next_try_at - now) / 1000);
  return ` ${what} ${seconds > 0 ? `Next try in ${seconds} s` : 'Trying …'} · ${LEAVE} · ${uncertain ? 'the last keys may be lost' : 'keys are not kept'} `;
}

export class Viewer {
  readonly #options: ViewOptions;
  readonly #keys = new KeyReader();
  #stream: TerminalStream | null = null;
  #painter: Painter | null = null;
  /** The session's size, and the size for which the painter was chosen. */
  #size = { cols: 0, rows: 0 };
  #painted = { cols: 0, rows: 0, deskCols: 0, deskRows: 0 };
  /** Whether this terminal decides the size when it attaches; a look becomes a take with Ctrl-b t. */
  #lease: 'take' | 'look';
  /** Who decides the size, when it is not this terminal. */
  #holder: string | null;
  /** Keys were typed just before the line broke. */
  #uncertain = false;
  #timers: { keys?: NodeJS.Timeout | undefined; notice?: NodeJS.Timeout | undefined; resize?: NodeJS.Timeout | undefined } = {};
  #undo: (() => void)[] = [];
  #finish: (end: ViewEnd) => void = () => {};

  constructor(options: ViewOptions) {
    this.#options = options;
    this.#lease = options.lease;
    this.#holder = options.lease === 'take' ? null : options.holder;
  }

  /** Takes the terminal over, and gives it back when it resolves. Call it once. */
  async run(): Promise<ViewEnd> {
    const { desk, link, session_id } = this.#options;
    const ended = new Promise<ViewEnd>((resolve) => {
      this.#finish = resolve;
    });
    desk.enter({
      onKeys: (bytes) => this.#typed(bytes),
      onResize: () => this.#deskResized(),
      onContinue: () => this.#attach(),
      onSignal: (signal) => this.#finish({ kind: 'signal', signal }),
      leftAt: () => this.#painter?.leftAt ?? 'bottom',
    });
    try {
      this.#attach();
      const events: Subscription = link.subscribe({ topics: ['session.resized'], session_id }, (event) => this.#sessionResized(event));
      this.#undo.push(() => events.close());
      this.#undo.push(link.connection.subscribe((state) => this.#connection(state)));
      const end = await ended;
      if (end.kind === 'ended') await this.#painter?.settled();
      return end;
    } finally {
      for (const timer of Object.values(this.#timers)) clearTimeout(timer);
      for (const step of this.#undo) step();
      this.#painter?.stop();
      this.#stream?.detach();
      desk.leave();
    }
  }

  /** Anew: the first time, and when the terminal was taken from us for a while. The old stream ends once the new one is asked for. */
  #attach(): void {
    const { link, desk, session_id } = this.#options;
    const old = this.#stream;
    this.#stream = null;
    const current = (): boolean => this.#stream === stream;
    const stream: TerminalStream = link.attach(
      { session_id, ...desk.size, lease: this.#lease },
      {
        onAttached: ({ cols, rows }) => {
          if (!current()) return;
          this.#size = { cols, rows };
          this.#uncertain = false;
        },
        onSnapshot: (bytes, offset, size) => {
          if (!current()) return;
          if (size !== null) this.#size = size;
          this.#choosePainter().snapshot(bytes, () => stream.consumed(offset));
        },
        onOutput: (bytes, offset) => {
          if (current()) this.#painter?.output(bytes, () => stream.consumed(offset + bytes.length));
        },
        onInterrupted: ({ uncertainInputBytes }) => {
          if (current()) this.#uncertain = uncertainInputBytes > 0;
        },
        onClosed: (reason, error) => {
          if (current()) this.#finish(reason === 'failed' ? { kind: 'failed', error } : { kind: reason });
        },
      },
    );
    this.#stream = stream;
    old?.detach();
  }

  /** The painter for the sizes that are. It changes only before a snapshot: what came before was drawn for the old size. */
  #choosePainter(): Painter {
    const { desk } = this.#options;
    const { cols: deskCols, rows: deskRows } = desk.size;
    const wanted = { ...this.#size, deskCols, deskRows };
    const same = Object.entries(wanted).every(([name, value]) => this.#painted[name as keyof typeof wanted] === value);
    if (same && this.#painter !== null) return this.#painter;
    this.#painter?.stop();
    this.#painted = wanted;
    const exact = wanted.cols === deskCols && wanted.rows === deskRows;
    this.#painter = exact ? new ExactPainter(desk) : new FittedPainter(desk, this.#size, (sight) => this.#caption(sight));
    this.#keys.fitted = !exact;
    return this.#painter;
  }

  /** The most useful first: a narrow window shows no more. */
  #caption({ cropped, columns, rows, panned }: Sight): string {
    const size = `${this.#size.cols}×${this.#size.rows}`;
    const who = this.#holder === null ? 'nobody has the size' : `${printable(this.#holder)} has the size`;
    const part = `columns ${columns.from}–${columns.to}, rows ${rows.from}–${rows.to}`;
    const pan = panned ? [`${part} · Ctrl-b f goes back to the cursor`] : [`${part} · Ctrl-b arrows pan`];
    return ` ${[size, `${who}, Ctrl-b t takes it`, LEAVE, ...(cropped ? pan : [])].join(' · ')} `;
  }

  #sessionResized(event: AfieldEvent): void {
    if (event.type !== 'session.resized') return;
    const { cols, rows, lease } = event.payload;
    this.#size = { cols, rows };
    this.#holder = lease === null || lease.viewer === this.#stream?.attached?.viewer ? null : lease.device_name;
    if (this.#holder !== null) this.#stream?.look();
  }

  #deskResized(): void {
    clearTimeout(this.#timers.resize);
    this.#timers.resize = setTimeout(() => {
      const { desk } = this.#options;
      const { cols, rows } = desk.size;
      // A new screen comes by itself after a resize that changes the session's size, and with every attach.
      if (this.#lease === 'look' || (cols === this.#size.cols && rows === this.#size.rows)) this.#attach();
      else this.#stream?.resize(cols, rows).catch(() => this.#attach());
    }, RESIZE_MS);
  }

  #typed(bytes: Uint8Array): void {
    const { keys, detach, asked } = this.#keys.feed(bytes);
    this.#send(keys);
    for (const key of asked) this.#viewerKey(key);
    if (detach) this.#finish({ kind: 'detached' });
    clearTimeout(this.#timers.keys);
    const wait = this.#keys.flushAfterMs;
    if (wait !== null) this.#timers.keys = setTimeout(() => this.#send(this.#keys.flush()), wait);
  }

  #viewerKey(key: ViewerKey): void {
    if (key === 'take') this.#takeSize();
    else if (key === 'follow') this.#painter?.follow();
    else {
      const [columns, rows] = PAN_STEPS[key];
      this.#painter?.pan(columns, rows);
    }
  }

  #takeSize(): void {
    const { desk } = this.#options;
    this.#lease = 'take';
    const bell = () => desk.write('\x07');
    if (this.#stream === null) bell();
    else this.#stream.resize(desk.size.cols, desk.size.rows).catch(bell);
  }

  #send(keys: Uint8Array): void {
    if (keys.length === 0) return;
    this.#painter?.follow();
    // Who types decides the size: also over a line that broke since, for which home has forgotten that this terminal had it.
    if (this.#holder !== null && this.#lease === 'take') this.#takeSize();
    // The bell: it was not taken, and is not kept.
    if (this.#stream?.input(keys) !== true) this.#options.desk.write('\x07');
  }

  #connection(state: ConnectionState): void {
    clearTimeout(this.#timers.notice);
    if (state.state === 'refused') {
      this.#finish({ kind: 'refused', detail: state.detail });
      return;
    }
    const notice = awayNotice(state, this.#options.now(), this.#uncertain);
    this.#painter?.notice(notice);
    if (notice !== null) this.#timers.notice = setTimeout(() => this.#connection(this.#options.link.connection.value), NOTICE_MS);
  }
}
