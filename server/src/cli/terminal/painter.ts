import { cut } from '../print/width.ts';
import { AlternateWatch } from './alternate-watch.ts';
import { clipboardGuard } from './clipboard-guard.ts';
import type { Desk } from './desk.ts';
import type { FittedScreen, Sight } from './fitted-screen.ts';
import { EMPTY_SEQUENCE, type LeftAt, noticeSequence } from './screen.ts';

/** Brings a session's bytes onto the desk's terminal. `done` is called once they are on it: that is what paces the home server. */
export interface Painter {
  snapshot(bytes: Uint8Array, done: () => void): void;
  output(bytes: Uint8Array, done: () => void): void;
  /** A line for the person, at the bottom; null: nothing special. */
  notice(text: string | null): void;
  /** Moves the part that is in sight by halves of the window; nothing where all of it is. */
  pan(columns: number, rows: number): void;
  /** Back to the cursor. */
  follow(): void;
  /** The session has another size than the terminal. */
  readonly fitted: boolean;
  /** Resolves when all that was given is on the terminal. */
  settled(): Promise<void>;
  /** Nothing is painted any more, and nothing given before counts as done. */
  stop(): void;
  /** Where the cursor is, should the terminal be given back now. */
  readonly leftAt: LeftAt;
}

/** For a session of the terminal's own size: the bytes as they are, but for what would reach its clipboard. */
export class ExactPainter implements Painter {
  readonly fitted = false;
  readonly #desk: Desk;
  #watch = new AlternateWatch();
  #guard = clipboardGuard();
  #noticed = false;
  #stopped = false;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  get leftAt(): LeftAt {
    if (this.#noticed) return 'bottom';
    return this.#watch.alternate ? 'alternate' : 'line';
  }

  snapshot(bytes: Uint8Array, done: () => void): void {
    if (this.#stopped) return;
    this.#desk.write(EMPTY_SEQUENCE);
    this.#watch = new AlternateWatch();
    this.#guard = clipboardGuard();
    this.#noticed = false;
    this.output(bytes, done);
  }

  output(bytes: Uint8Array, done: () => void): void {
    if (this.#stopped) return;
    this.#watch.feed(bytes);
    this.#desk.write(this.#guard.push(bytes), () => {
      if (!this.#stopped) done();
    });
  }

  /** Covers the last line of the session; the next screen uncovers it. */
  notice(text: string | null): void {
    if (text === null || this.#stopped) return;
    const { cols, rows } = this.#desk.size;
    this.#noticed = true;
    this.#desk.write(noticeSequence(cut(text, cols), rows));
  }

  pan(): void {}

  follow(): void {}

  settled(): Promise<void> {
    return new Promise((resolve) => this.#desk.write('', resolve));
  }

  stop(): void {
    this.#stopped = true;
  }
}

interface Loaded {
  screen: FittedScreen;
  frameMs: number;
}

/** For a session of another size: the part around its cursor, and below it what the `caption` says. */
export class FittedPainter implements Painter {
  readonly leftAt = 'bottom';
  readonly fitted = true;
  readonly #desk: Desk;
  readonly #caption: (sight: Sight) => string;
  readonly #screen: Promise<Loaded>;
  /** Everything in the order it came, since the mirror is loaded only now. */
  #work: Promise<void>;
  #timer: NodeJS.Timeout | null = null;
  #notice: string | null = null;
  #stopped = false;

  constructor(desk: Desk, session: { cols: number; rows: number }, caption: (sight: Sight) => string) {
    this.#desk = desk;
    this.#caption = caption;
    this.#screen = import('./fitted-screen.ts').then(({ FittedScreen, FRAME_MS }) => ({
      screen: new FittedScreen(session, desk.size),
      frameMs: FRAME_MS,
    }));
    this.#work = this.#screen.then(() => this.#desk.write(EMPTY_SEQUENCE));
  }

  snapshot(bytes: Uint8Array, done: () => void): void {
    this.#then(async ({ screen }) => screen.write(Buffer.concat([Buffer.from('\x1bc'), bytes])), done);
  }

  output(bytes: Uint8Array, done: () => void): void {
    this.#then(async ({ screen }) => screen.write(bytes), done);
  }

  notice(text: string | null): void {
    this.#notice = text;
    this.#then(async () => {});
  }

  pan(columns: number, rows: number): void {
    this.#then(async ({ screen }) => screen.pan(columns, rows));
  }

  follow(): void {
    this.#then(async ({ screen }) => screen.follow());
  }

  async settled(): Promise<void> {
    await this.#work;
    const { screen } = await this.#screen;
    if (this.#timer !== null) this.#draw(screen);
    await new Promise<void>((resolve) => this.#desk.write('', resolve));
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    void this.#screen.then(({ screen }) => screen.dispose());
  }

  #then(step: (loaded: Loaded) => Promise<void>, done?: () => void): void {
    this.#work = this.#work.then(async () => {
      const loaded = await this.#screen;
      if (this.#stopped) return;
      await step(loaded);
      if (this.#stopped) return;
      this.#timer ??= setTimeout(() => this.#draw(loaded.screen), loaded.frameMs);
      done?.();
    });
  }

  #draw(screen: FittedScreen): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#stopped) return;
    // the caption says what is in sight after the move
    screen.settle();
    this.#desk.write(screen.draw(this.#notice ?? this.#caption(screen.sight)));
  }
}
