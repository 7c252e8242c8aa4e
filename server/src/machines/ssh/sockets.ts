import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The path of a socket holds 103 bytes on every system, and ssh puts 17 more behind while it makes one. */
const MAX_BYTES = 103 - 17;

/** Paths for control sockets, in a folder for us alone: `folder` when its path is short enough, else a temporary one. */
export function createSockets(folder: string): { next(): string; close(): void } {
  let place: string | null = null;
  let count = 0;
  const make = (): string => {
    const own = join(folder, 'lines');
    if (Buffer.byteLength(own) + 12 > MAX_BYTES) return mkdtempSync(join(tmpdir(), 'afield-'));
    // What an earlier server left behind; its connections ended with it.
    rmSync(own, { recursive: true, force: true });
    mkdirSync(own, { recursive: true, mode: 0o700 });
    return own;
  };
  return {
    next() {
      place ??= make();
      return join(place, `${process.pid.toString(36)}-${(count++).toString(36)}`);
    },
    close() {
      if (place !== null) rmSync(place, { recursive: true, force: true });
      place = null;
    },
  };
}
