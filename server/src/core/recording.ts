import type { FileHandle } from 'node:fs/promises';
import type { Clock } from './ports.ts';
import { createFiles, encodeRecord, type IndexRecord } from './recording-files.ts';
import type { ScreenSize } from './screen.ts';

/** Output is gathered this long before it is written: one write for many keys. What a crash of this server may lose. */
const GATHER_MS = 50;
const GATHER_BYTES = 64 * 1024;
/** Moments closer together than this share one index record. */
const SAME_MOMENT_MS = 10;

/** Appends a session's bytes to disk. Never throws: a fault (disk full) stops the recording and is told once; the agent goes on. */
export class Recording {
  /** What waits was written. */
  onWritten: () => void = () => {};
  readonly #clock: Clock;
  readonly #files: { output: FileHandle; index: FileHandle };
  readonly #limit: number;
  readonly #fault: (reason: string) => void;
  readonly #startedAt: number;
  #chunks: Uint8Array[] = [];
  #queued = 0;
  #records: IndexRecord[] = [];
  #offset = 0;
  #stopped = false;
  #timer: { cancel(): void } | null = null;
  #writing: Promise<void> = Promise.resolve();

  private constructor(
    files: { output: FileHandle; index: FileHandle },
    { clock, limit, fault }: { clock: Clock; limit: number; fault: (reason: string) => void },
  ) {
    this.#files = files;
    this.#clock = clock;
    this.#limit = limit;
    this.#fault = fault;
    this.#startedAt = clock.monotonic();
  }

  /** `limit`: size in bytes at which it stops. `fault`: told once, with the reason as a sentence. Throws when the files cannot be made. */
  static async create(folder: string, options: { clock: Clock; limit: number; fault: (reason: string) => void }): Promise<Recording> {
    return new Recording(await createFiles(folder), options);
  }

  /** Bytes in memory that are not on disk yet. */
  get queued(): number {
    return this.#queued;
  }

  append(bytes: Uint8Array): void {
    if (this.#stopped) return;
    if (this.#offset + bytes.length > this.#limit) {
      this.#stop(`The recording reached ${Math.round(this.#limit / 1024 ** 2)} MiB and goes no further. The session goes on.`);
      return;
    }
    this.#chunks.push(bytes);
    this.#queued += bytes.length;
    this.#offset += bytes.length;
    const time = this.#elapsed();
    const last = this.#records.at(-1);
    if (last?.kind === 'output' && time - last.time < SAME_MOMENT_MS) last.offset = this.#offset;
    else this.#records.push({ kind: 'output', time, offset: this.#offset });
    this.#schedule();
  }

  resize({ cols, rows }: ScreenSize): void {
    if (this.#stopped) return;
    this.#records.push({ kind: 'resize', time: this.#elapsed(), offset: this.#offset, cols, rows });
    this.#schedule();
  }

  /** Resolves when everything appended so far is written. */
  flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async close(): Promise<void> {
    await this.flush();
    this.#stopped = true;
    await Promise.allSettled([this.#files.output.close(), this.#files.index.close()]);
  }

  #elapsed(): number {
    return Math.round(this.#clock.monotonic() - this.#startedAt);
  }

  #schedule(): void {
    if (this.#queued >= GATHER_BYTES) void this.flush();
    else this.#timer ??= this.#clock.setTimeout(() => void this.flush(), GATHER_MS);
  }

  async #write(): Promise<void> {
    const bytes = Buffer.concat(this.#chunks);
    const records = this.#records;
    this.#chunks = [];
    this.#records = [];
    if (this.#stopped || records.length === 0) return;
    try {
      await writeAll(this.#files.output, bytes);
      await writeAll(this.#files.index, Buffer.concat(records.map(encodeRecord)));
    } catch (error) {
      this.#stop(`The recording stopped: ${(error as Error).message}. The session goes on.`);
    }
    this.#queued = Math.max(0, this.#queued - bytes.length);
    this.onWritten();
  }

  #stop(reason: string): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#chunks = [];
    this.#records = [];
    this.#queued = 0;
    this.#fault(reason);
  }
}

/** A full disk shows as a short write first. */
async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, at);
    if (bytesWritten === 0) throw new Error('nothing more could be written');
    at += bytesWritten;
  }
}
