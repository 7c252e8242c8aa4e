/** Reads a file as it grows: woken by the kernel, by position, one read at a time. */
import { close, type FSWatcher, open, read, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { Follower, Host } from '../core/machine-ports.ts';

const READ_BYTES = 128 * 1024;
/** Looked at anyway: some file systems tell nobody, and watches are limited in number. */
const POLL_MS = 5_000;
const POLL_UNWATCHED_MS = 50;
/** Buffers that no read uses now: an idle file has none. */
const free: Buffer[] = [];
const KEPT_BUFFERS = 8;

/** Does not end by itself, and is never cut: the file is on this machine. */
export const followFile: Host['follow'] = (path, offset, on) => new FileFollower(path, offset, on.bytes);

class FileFollower implements Follower {
  readonly #path: string;
  readonly #bytes: (bytes: Buffer) => void;
  #position: number;
  #fd: number | null = null;
  #watcher: FSWatcher | null = null;
  #poll: NodeJS.Timeout | null = null;
  #reading = false;
  /** Something happened while a read was under way. */
  #again = false;
  #paused = false;
  #stopped = false;

  constructor(path: string, offset: number, bytes: (bytes: Buffer) => void) {
    this.#path = path;
    this.#position = offset;
    this.#bytes = bytes;
    this.#watch(dirname(path));
    this.#wake();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#wake();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#poll !== null) clearInterval(this.#poll);
    this.#watcher?.close();
    if (!this.#reading) this.#close();
  }

  #wake(): void {
    if (this.#stopped || this.#paused) return;
    if (this.#reading) {
      this.#again = true;
      return;
    }
    this.#reading = true;
    this.#again = false;
    if (this.#fd === null) this.#open();
    else this.#read(this.#fd);
  }

  #open(): void {
    open(this.#path, 'r', (error, fd) => {
      if (error === null) {
        this.#fd = fd;
        // The file itself from now on: what happens beside it is nothing to us.
        this.#watch(this.#path);
        this.#again = true;
      }
      this.#done();
    });
  }

  #read(fd: number): void {
    const buffer = free.pop() ?? Buffer.allocUnsafeSlow(READ_BYTES);
    read(fd, buffer, 0, READ_BYTES, this.#position, (error, length) => {
      const bytes = error === null && length > 0 ? taken(buffer, length) : null;
      if (bytes === null && free.length < KEPT_BUFFERS) free.push(buffer);
      if (bytes !== null && !this.#stopped) {
        this.#position += length;
        if (length === READ_BYTES) this.#again = true;
        this.#bytes(bytes);
      }
      this.#done();
    });
  }

  #done(): void {
    this.#reading = false;
    if (this.#stopped) this.#close();
    else if (this.#again) this.#wake();
  }

  #watch(path: string): void {
    let ms = POLL_MS;
    try {
      const watcher = watch(path, () => this.#wake());
      watcher.on('error', () => watcher.close());
      this.#watcher?.close();
      this.#watcher = watcher;
    } catch {
      // No folder yet, or no watch left: looked at by the clock.
      ms = POLL_UNWATCHED_MS;
    }
    if (this.#poll !== null) clearInterval(this.#poll);
    this.#poll = setInterval(() => this.#wake(), ms);
  }

  #close(): void {
    if (this.#fd !== null) close(this.#fd, () => {});
    this.#fd = null;
  }
}

/** A full buffer is given away, of another the bytes are copied. */
function taken(buffer: Buffer, length: number): Buffer {
  if (length > READ_BYTES / 2) return buffer.subarray(0, length);
  const bytes = Buffer.from(buffer.subarray(0, length));
  if (free.length < KEPT_BUFFERS) free.push(buffer);
  return bytes;
}
