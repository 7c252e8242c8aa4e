import { writeSync } from 'node:fs';
import type { Clock } from '../core/ports.ts';

/** Keys that wait for a program which does not read; more are refused. Larger than any prompt. */
const MAX_QUEUED_BYTES = 1024 * 1024;
/** A terminal takes about 4 KiB until its program reads. How long to wait before trying again: at first, and at most. */
const RETRY_MS = 2;
const MAX_RETRY_MS = 50;

/**
 * Writes to a non-blocking terminal. Streams of Node write to one in a loop that holds up the whole process until the program reads;
 * this takes what the kernel takes, and tries again later.
 */
export class InputQueue {
  readonly #fd: number;
  readonly #clock: Clock;
  #chunks: Uint8Array[] = [];
  #queued = 0;
  #retryMs = RETRY_MS;
  #timer: { cancel(): void } | null = null;
  #closed = false;

  constructor(fd: number, clock: Clock) {
    this.#fd = fd;
    this.#clock = clock;
  }

  /** False: closed, or too much waits already; nothing of it is kept. */
  push(bytes: Uint8Array): boolean {
    if (this.#closed || this.#queued + bytes.length > MAX_QUEUED_BYTES) return false;
    this.#chunks.push(bytes);
    this.#queued += bytes.length;
    if (this.#timer === null) this.#write();
    return true;
  }

  /** Must be called before the descriptor is closed: its number may soon be another file's. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#chunks = [];
    this.#queued = 0;
  }

  #write(): void {
    this.#timer = null;
    while (this.#chunks.length > 0) {
      const chunk = this.#chunks[0]!;
      const written = this.#take(chunk);
      if (written === 0) {
        this.#timer = this.#clock.setTimeout(() => this.#write(), this.#retryMs);
        this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS);
        return;
      }
      this.#retryMs = RETRY_MS;
      this.#queued -= written;
      if (written === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(written);
    }
  }

  /** How much the terminal took; 0 when it is full. */
  #take(chunk: Uint8Array): number {
    try {
      return writeSync(this.#fd, chunk);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
      // The other side is gone (EIO); the exit is on its way.
      this.close();
      return chunk.length;
    }
  }
}
