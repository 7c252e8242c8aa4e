/** The bytes of one session: joins its process with mirror, recording and viewers, and decides the size. Knows nothing of status. */
import type { Lease } from '@afield/shared/api/sessions.ts';
import type { SessionLimits } from '../deps.ts';
import type { Disk } from '../history/storage.ts';
import type { TerminalProcess } from '../machine-ports.ts';
import type { Clock } from '../ports.ts';
import { Recording } from '../recording/recording.ts';
import type { Attachment, ViewerSink } from '../service.ts';
import type { Screen, ScreenSize } from './screen.ts';
import { SizeLease } from './size-lease.ts';
import { leftByTmux, withoutReports } from './terminal-reports.ts';
import { type Snapshot, Viewer } from './viewer.ts';

/** When mirror or disk are so far behind, the program is held back by its terminal, as by any slow terminal; and let go again. */
const PAUSE_BYTES = 256 * 1024;
const RESUME_BYTES = 64 * 1024;

/** What the session hears. */
export interface TerminalEvents {
  /** So many bytes were printed, now or (`recovered`) earlier; the mirror does not show them yet. */
  printed(bytes: number, recovered: boolean): void;
  /** The mirror shows more than before. */
  drawn(): void;
  title(title: string): void;
  bell(): void;
  /** A viewer pressed keys. */
  typed(bytes: number, device_name: string): void;
  /** Before the size changes, and after the size or its holder changed. */
  resizing(): void;
  /** Its size or who holds it. `moved`: lines of the screen may stand elsewhere now. */
  resized(size: ScreenSize, lease: Lease | null, moved: boolean): void;
  /** The recording stopped, and why. */
  unrecorded(reason: string): void;
}

export class TerminalSession {
  readonly screen: Screen;
  /** Null while there is none, or when it could not be made. */
  recording: Recording | null = null;
  readonly #clock: Clock;
  readonly #events: TerminalEvents;
  readonly #viewers = new Map<string, Viewer>();
  readonly #lease = new SizeLease();
  #process: TerminalProcess | null = null;
  /** Questions in the bytes below this position were asked long ago: nobody waits for the answer. */
  #unansweredBelow = 0;
  #sizeHeld = false;
  #paused = false;
  #over = false;
  /** The last screen, once nothing is printed any more. */
  #last: Snapshot | null = null;

  /** `screen`: empty, or what the session showed last. */
  constructor(screen: Screen, clock: Clock, events: TerminalEvents) {
    this.#clock = clock;
    this.#events = events;
    this.screen = screen;
    this.screen.onAnswer = (bytes) => {
      const process = this.#process;
      if (process === null || this.screen.offset < this.#unansweredBelow) return;
      // A second answer of the same kind would be taken for keys.
      if (!process.answered || leftByTmux(bytes)) process.write(bytes);
    };
    this.screen.onTitle = (title) => events.title(title);
    this.screen.onBell = () => events.bell();
    this.screen.onParsed = () => {
      this.#catchUp();
      events.drawn();
    };
  }

  get process(): TerminalProcess | null {
    return this.#over ? null : this.#process;
  }
  get viewers(): number {
    return this.#viewers.size;
  }
  get lease(): Lease | null {
    return this.#lease.holder;
  }
  /** Bytes printed so far: the end of the byte log. */
  get printed(): number {
    return this.screen.end;
  }

  /** Call before `run`. A fault is told and ends nothing. */
  async record(folder: string, { recordingBytes, scrollback }: SessionLimits, disk: Disk | undefined): Promise<void> {
    const fault = (reason: string) => {
      this.#events.unrecorded(reason);
      this.#catchUp();
    };
    try {
      this.recording = await Recording.open(folder, {
        clock: this.#clock,
        limit: recordingBytes,
        fault,
        resumed: (sentence) => this.#events.unrecorded(sentence),
        screen: () => this.screen.drawn(scrollback),
        ...(disk === undefined ? {} : { disk }),
      });
      this.recording.onWritten = () => this.#written();
      this.recording.resize(this.screen);
    } catch (error) {
      fault(`There is no recording: ${(error as Error).message}. The session goes on.`);
    }
  }

  run(process: TerminalProcess): void {
    this.#process = process;
    process.onOutput = (bytes, recovered) => this.#output(bytes, recovered);
    process.onResync = (missed) => this.#resync(missed);
  }

  /**
   * While `held`, whoever takes the lease has it, but the size stays what it was: output that was printed for it still comes. Then the
   * holder's size is taken on.
   */
  holdSize(held: boolean): void {
    this.#sizeHeld = held;
    const { holder } = this.#lease;
    if (!held && holder !== null && !this.#over) this.#apply(holder);
  }

  /** Lets go of the program, which goes on: writes what waits. Viewers hear nothing: their connection ends with the server. */
  async leave(): Promise<void> {
    this.#over = true;
    const process = this.#process;
    if (process !== null) {
      process.onOutput = () => {};
      process.onResync = () => {};
      process.onExit = () => {};
      process.onLine = () => {};
    }
    this.#viewers.clear();
    await this.screen.settled();
    await this.recording?.close();
  }

  attach(sink: ViewerSink, { cols, rows, lease }: ScreenSize & { lease: 'take' | 'look' }): Attachment {
    const viewer = new Viewer(
      sink,
      this.#clock,
      () => this.screen.snapshot(),
      (broken) => this.#detach(broken),
    );
    if (this.#last === null) this.#viewers.set(sink.id, viewer);
    if (lease === 'take') this.resize({ cols, rows }, sink.id, sink.device_name);
    // After the caller has heard where its stream begins.
    setImmediate(() => {
      if (this.#last === null) viewer.start();
      else viewer.finish(this.#last);
    });
    const here = () => this.#viewers.has(sink.id);
    return {
      cols: this.screen.cols,
      rows: this.screen.rows,
      lease: this.#lease.holds(sink.id) ? 'held' : 'look',
      offset: this.printed,
      input: (bytes) => {
        if (here()) this.#viewerTyped(sink, withoutReports(bytes));
      },
      resize: (newCols, newRows) => {
        if (here()) this.resize({ cols: newCols, rows: newRows }, sink.id, sink.device_name);
      },
      ack: (offset) => viewer.ack(offset),
      detach: () => this.#detach(viewer),
    };
  }

  /** Takes the lease for `viewer`. */
  resize(size: ScreenSize, viewer: string, device_name: string): void {
    if (this.#over) return;
    this.#lease.take(viewer, device_name, size);
    this.#apply(size);
  }

  /** Nothing is printed any more: keeps the last screen and lets the viewers go with it. Throws when it cannot be written. */
  async finish(): Promise<void> {
    this.#over = true;
    await this.screen.settled();
    const last = await this.screen.snapshot();
    try {
      await this.recording?.close();
    } finally {
      this.#last = last;
      for (const viewer of this.#viewers.values()) viewer.finish(last);
      this.#viewers.clear();
    }
  }

  dispose(): void {
    this.screen.dispose();
  }

  #viewerTyped(sink: ViewerSink, keys: Uint8Array): void {
    if (this.#over || keys.length === 0) return;
    if (this.#lease.typed(sink.id)) this.#apply(this.#lease.holder ?? this.screen);
    this.#events.typed(keys.length, sink.device_name);
    this.#process?.write(keys);
  }

  #detach(viewer: Viewer): void {
    viewer.close('detached');
    if (!this.#viewers.delete(viewer.sink.id)) return;
    if (this.#lease.leave(viewer.sink.id) && !this.#over) this.#apply(this.#lease.holder ?? this.screen);
  }

  #apply(wanted: ScreenSize): void {
    const { cols, rows } = this.#sizeHeld ? this.screen : wanted;
    const changed = cols !== this.screen.cols || rows !== this.screen.rows;
    if (changed) {
      this.#events.resizing();
      this.#process?.resize(cols, rows);
      this.screen.resize({ cols, rows });
      this.recording?.resize({ cols, rows });
    }
    this.#events.resized({ cols, rows }, this.#lease.holder, changed);
    if (changed) for (const viewer of this.#viewers.values()) viewer.resized();
  }

  #output(bytes: Buffer, recovered: boolean): void {
    const offset = this.printed;
    for (const viewer of this.#viewers.values()) viewer.output(offset, bytes);
    this.recording?.append(bytes, recovered);
    this.screen.write(bytes);
    if (recovered) this.#unansweredBelow = Math.max(this.#unansweredBelow, this.printed);
    this.#events.printed(bytes.length, recovered);
    if (this.#paused || this.#backlog() <= PAUSE_BYTES) return;
    this.#paused = true;
    this.#process?.pause();
  }

  #resync({ cols, rows, bytes, reason, at = this.printed }: Parameters<TerminalProcess['onResync']>[0]): void {
    this.#events.resizing();
    this.recording?.gap(at - this.printed, { cols, rows, bytes });
    this.screen.replace({ cols, rows }, bytes, at);
    this.#events.resized({ cols, rows }, this.#lease.holder, true);
    for (const viewer of this.#viewers.values()) viewer.resized();
    this.#events.unrecorded(reason);
  }

  #written(): void {
    this.#catchUp();
    if (this.recording !== null) this.#process?.kept?.(this.recording.written);
  }

  #backlog(): number {
    return Math.max(this.screen.behind, this.recording?.queued ?? 0);
  }

  #catchUp(): void {
    if (!this.#paused || this.#backlog() > RESUME_BYTES) return;
    this.#paused = false;
    this.#process?.resume();
  }
}
