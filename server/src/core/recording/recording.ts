import type { Disk } from '../history/storage.ts';
import type { Clock } from '../ports.ts';
import type { ScreenSize } from '../terminal/screen.ts';
import { type DrawnScreen, writeCheckpoint } from './checkpoint.ts';
import { type IndexRecord, MAX_SCREEN_BYTES } from './files.ts';
import { RecordingWriter } from './writer.ts';

/** Output is gathered this long before it is written: one write for many keys. What a crash of this server may lose. */
const GATHER_MS = 50;
const GATHER_BYTES = 64 * 1024;
/** Moments closer together than this share one index record. */
const SAME_MOMENT_MS = 10;
/** The screen is kept again after so much time and so much output… */
const CHECKPOINT_MS = 60_000;
const CHECKPOINT_BYTES = 128 * 1024;
/** …or after so much output: what is drawn again in a third of a second. */
const CHECKPOINT_SOON_BYTES = 8 * 1024 * 1024;
const CHECKPOINT_SOON_MS = 1_000;

export interface RecordingOptions {
  clock: Clock;
  /** Size in bytes at which it stops. */
  limit: number;
  /** It stopped; why, as a sentence. */
  fault: (reason: string) => void;
  /** It goes on after a stop; as a sentence. */
  resumed?: (sentence: string) => void;
  /**
   * The mirror, once it shows exactly what was appended before the call. Without it there are no checkpoints, and a stop is for good.
   */
  screen?: () => Promise<DrawnScreen>;
  disk?: Disk;
}

interface Batch {
  bytes: Buffer;
  records: IndexRecord[];
  /** A batch of before a stop is not written after it. */
  life: number;
}

/**
 * Appends a session's bytes to disk. Never throws: a fault stops the recording and is told; the agent goes on. When the disk has room
 * again, so does the recording, after a gap.
 */
export class Recording {
  /** What waits was written. */
  onWritten: () => void = () => {};
  readonly #folder: string;
  readonly #options: RecordingOptions;
  readonly #writer: RecordingWriter;
  /** On the monotonic clock: when the recording began. */
  readonly #zero: number;
  readonly #unsubscribe: () => void;
  #chunks: Uint8Array[] = [];
  #records: IndexRecord[] = [];
  #queued = 0;
  /** Of the byte log: goes on while nothing is recorded. */
  #offset: number;
  #lastTime: number;
  /** `broken`: the disk takes nothing now. `full`: it reached its limit. */
  #state: 'on' | 'broken' | 'full' | 'closed' = 'on';
  #life = 0;
  #checkpoint: { offset: number; at: number };
  #checking: Promise<void> | null = null;
  #timer: { cancel(): void } | null = null;
  #writing: Promise<void> = Promise.resolve();

  private constructor(folder: string, writer: RecordingWriter, options: RecordingOptions) {
    const { end, checkpoint, pause } = writer.found;
    const now = options.clock.monotonic();
    this.#folder = folder;
    this.#writer = writer;
    this.#options = options;
    this.#offset = Math.max(end.offset, checkpoint);
    this.#lastTime = end.time;
    this.#zero = now - end.time - pause;
    this.#checkpoint = { offset: checkpoint, at: now };
    if (checkpoint > end.offset) this.#state = 'full';
    this.#unsubscribe = options.disk?.onChange((writing) => this.#diskChanged(writing)) ?? (() => {});
    if (options.disk?.writing === false) this.#stop('broken', 'The recording waits until the disk has room.');
  }

  /**
   * Begins a recording, or goes on with the one that is there: what is not whole is cut, and times go on after the earlier ones.
   * Throws when the files cannot be made.
   */
  static async open(folder: string, options: RecordingOptions): Promise<Recording> {
    return new Recording(folder, await RecordingWriter.open(folder, options.clock), options);
  }

  /** Position in the byte log after the last byte. Right after `open`: from where on the output is to be appended. */
  get offset(): number {
    return this.#offset;
  }

  /** Up to here the byte log is on disk, and nobody need ever fetch it again. */
  get written(): number {
    return Math.max(this.#writer.good.offset, this.#state === 'full' ? this.#checkpoint.offset : 0);
  }

  /** Bytes in memory that are not on disk yet. */
  get queued(): number {
    return this.#queued;
  }

  /** `recovered`: it was printed earlier, while nobody of us listened. */
  append(bytes: Uint8Array, recovered = false): void {
    this.#offset += bytes.length;
    if (this.#state === 'on' && this.#writer.good.file + this.#queued + bytes.length > this.#options.limit) {
      const size = `${Math.round(this.#options.limit / 1024 ** 2)} MiB`;
      void this.flush();
      this.#stop('full', `The recording reached ${size} and goes no further. The session goes on.`);
    }
    if (this.#state === 'on') this.#add(recovered ? 'recovered' : 'output', bytes);
    // The mirror is given these bytes right after us.
    if (this.#checkpointDue) queueMicrotask(() => this.#checkpointWhenDue());
  }

  resize({ cols, rows }: ScreenSize): void {
    if (this.#state !== 'on') return;
    this.#records.push({ kind: 'resize', time: this.#time(), offset: this.#offset, cols, rows });
    this.#schedule();
  }

  /** So many bytes are missing here (0: nobody knows how many), and after them the screen was this one. */
  gap(missing: number, { cols, rows, bytes }: ScreenSize & { bytes: Buffer }): void {
    this.#offset += missing;
    if (this.#state !== 'on') return;
    const screen = bytes.length > MAX_SCREEN_BYTES ? Buffer.alloc(0) : bytes;
    this.#records.push({ kind: 'gap', time: this.#time(), offset: this.#offset, cols, rows, screen: screen.length });
    this.#chunks.push(screen);
    this.#queued += screen.length;
    this.#schedule();
  }

  /** Keeps the screen as it is now, so that it need not be drawn from the start. Resolves when it is on disk. */
  checkpoint(): Promise<void> {
    this.#checking ??= this.#keepScreen().finally(() => {
      this.#checking = null;
    });
    return this.#checking;
  }

  /** Resolves when everything appended so far is written. */
  flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#records.length > 0) {
      const batch = { bytes: Buffer.concat(this.#chunks), records: this.#records, life: this.#life };
      this.#chunks = [];
      this.#records = [];
      this.#writing = this.#writing.then(() => this.#write(batch));
    }
    return this.#writing;
  }

  /** Writes what waits, and the last screen. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    await this.#checking;
    await this.checkpoint();
    await this.flush();
    this.#unsubscribe();
    this.#state = 'closed';
    await this.#writer.close();
  }

  #add(kind: 'output' | 'recovered', bytes: Uint8Array): void {
    this.#chunks.push(bytes);
    this.#queued += bytes.length;
    const time = this.#time();
    const last = this.#records.at(-1);
    if (last?.kind === kind && time - last.time < SAME_MOMENT_MS) last.offset = this.#offset;
    else this.#records.push({ kind, time, offset: this.#offset });
    this.#schedule();
  }

  /** In ms since the start; never less than before. */
  #time(): number {
    this.#lastTime = Math.max(this.#lastTime, Math.round(this.#options.clock.monotonic() - this.#zero));
    return this.#lastTime;
  }

  #schedule(): void {
    if (this.#queued >= GATHER_BYTES) void this.flush();
    else this.#timer ??= this.#options.clock.setTimeout(() => void this.flush(), GATHER_MS);
  }

  async #write({ bytes, records, life }: Batch): Promise<void> {
    try {
      if (life === this.#life) {
        await this.#writer.write(bytes, records);
        this.#options.disk?.wrote(bytes.length);
      }
    } catch (error) {
      this.#failed(error);
    }
    this.#queued -= bytes.length;
    this.onWritten();
  }

  #failed(error: unknown): void {
    this.#stop('broken', `The recording stopped: ${(error as Error).message}. The session goes on.`);
    this.#options.disk?.failed(error);
  }

  /** What waits is lost when the disk is to blame, and is still written when it was the limit. */
  #stop(state: 'broken' | 'full', reason: string): void {
    if (this.#state !== 'on') return;
    this.#state = state;
    if (state === 'broken') {
      this.#life++;
      this.#queued -= this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      this.#chunks = [];
      this.#records = [];
    }
    this.#options.fault(reason);
  }

  #diskChanged(writing: boolean): void {
    const { screen } = this.#options;
    if (!writing) this.#stop('broken', 'The recording stopped: the disk is full. The session goes on.');
    else if (this.#state === 'broken' && screen !== undefined) this.#goOn(screen());
  }

  /** What is appended from now on waits until the screen that stands before it is written. */
  #goOn(drawing: Promise<DrawnScreen>): void {
    const [offset, time, life] = [this.#offset, this.#time(), this.#life];
    drawing.catch(() => {});
    this.#state = 'on';
    this.#writing = this.#writing.then(async () => {
      try {
        const { cols, rows, bytes } = await drawing;
        if (life !== this.#life) return;
        const missing = offset - this.#writer.good.offset;
        const screen = missing === 0 || bytes.length > MAX_SCREEN_BYTES ? Buffer.alloc(0) : bytes;
        const kind = missing === 0 ? { kind: 'resize' as const } : { kind: 'gap' as const, screen: screen.length };
        await this.#writer.write(screen, [{ ...kind, time, offset, cols, rows }]);
        this.#options.resumed?.(
          missing === 0 ? 'The recording goes on.' : `The recording goes on; ${missing} bytes of output are missing in it.`,
        );
      } catch (error) {
        this.#failed(error);
      }
    });
  }

  /** Only where nothing is half told: what is queued is written first, and what comes next begins a record of its own. */
  async #keepScreen(): Promise<void> {
    const { screen, clock, disk } = this.#options;
    if (screen === undefined || this.#state === 'broken' || this.#state === 'closed') return;
    const [offset, life] = [this.#offset, this.#life];
    this.#checkpoint.at = clock.monotonic();
    const drawing = screen();
    drawing.catch(() => {});
    const written = this.flush().then(() => this.#writer.good);
    try {
      const [drawn, mark] = await Promise.all([drawing, written]);
      if (drawn.offset !== offset || life !== this.#life) return;
      await writeCheckpoint(this.#folder, { ...drawn, mark });
      this.#checkpoint.offset = offset;
    } catch (error) {
      disk?.failed(error);
    }
  }

  get #checkpointDue(): boolean {
    const bytes = this.#offset - this.#checkpoint.offset;
    if (bytes < CHECKPOINT_BYTES || this.#checking !== null) return false;
    const age = this.#options.clock.monotonic() - this.#checkpoint.at;
    return age >= CHECKPOINT_MS || (bytes >= CHECKPOINT_SOON_BYTES && age >= CHECKPOINT_SOON_MS);
  }

  #checkpointWhenDue(): void {
    if (this.#checkpointDue) void this.checkpoint();
  }
}
