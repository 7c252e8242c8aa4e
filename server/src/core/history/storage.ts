/** Whether the disk takes what is written: one alarm when it does not, and nothing is kept until it does again. Agents go on. */
import { open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Storage } from '@afield/shared/api/system.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { timestamp } from '../clock.ts';
import type { Clock } from '../ports.ts';

const MIB = 1024 * 1024;
/** Writing stops while so much is still free, so that the little that must be written (how a session ended) always can be. */
const RESERVE_BYTES = 32 * MIB;
/** On a small disk the reserve is this part of it. */
const RESERVE_PART = 0.05;
/** Room beyond the reserve before writing begins again, as a part of the reserve: else it would stop at once. */
const AGAIN = 0.5;
const LOOK_MS = 5_000;
/** Looked at earlier after so many bytes, as a part of the reserve: it must not be used up in between. */
const LOOK_PART = 0.25;
/** What is written to try a full disk out. Larger than what is written at a time elsewhere. */
const TRIAL_BYTES = MIB;

/** Told by whoever writes, heard by whoever must stop. */
export interface Disk {
  /** False: nothing new is kept until there is room. */
  readonly writing: boolean;
  /** A write failed. True when the disk is to blame: then everybody has been told. */
  failed(error: unknown): boolean;
  /** So many bytes were written. */
  wrote(bytes: number): void;
  /** Returns the unsubscribe. */
  onChange(handler: (writing: boolean) => void): () => void;
}

/** The disk itself, for tests to put another in its place. */
export interface DiskProbe {
  /** Null where nobody can tell. */
  room(): Promise<{ free: number; total: number } | null>;
  /** Writes something and takes it away. Throws when the disk does not take it. */
  tryOut(): Promise<void>;
}

/** Codes of Node and SQLite for a disk that does not take what is written, and how a person is told. */
const FAULTS: readonly [RegExp, string][] = [
  [/^(ENOSPC|SQLITE_FULL)$/, 'The disk is full.'],
  [/^EDQUOT$/, 'The quota of this user on the disk is used up.'],
  [/^(EROFS|SQLITE_READONLY)/, 'The disk can only be read.'],
  [/^(EIO|SQLITE_IOERR)/, 'The disk does not take what is written.'],
];

export function diskFault(error: unknown): string | null {
  const code = String((error as { code?: unknown } | null)?.code ?? '');
  return FAULTS.find(([pattern]) => pattern.test(code))?.[1] ?? null;
}

export class DiskWatch implements Disk {
  readonly #clock: Clock;
  readonly #probe: DiskProbe;
  readonly #folder: string;
  readonly #handlers = new Set<(writing: boolean) => void>();
  #state: Storage = { writing: true, detail: null, free_bytes: null, since: null };
  #timer: { cancel(): void } | null = null;
  #looking: Promise<void> | null = null;
  #written = 0;
  #reserve = RESERVE_BYTES;
  #closed = false;

  constructor({ clock, probe, folder }: { clock: Clock; probe: DiskProbe; folder: string }) {
    this.#clock = clock;
    this.#probe = probe;
    this.#folder = folder;
  }

  get state(): Storage {
    return this.#state;
  }
  get writing(): boolean {
    return this.#state.writing;
  }

  onChange(handler: (writing: boolean) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  failed(error: unknown): boolean {
    if (error instanceof AfieldError && error.code === 'storage_full') return true;
    const fault = diskFault(error);
    if (fault !== null) this.#stop(fault);
    return fault !== null;
  }

  wrote(bytes: number): void {
    this.#written += bytes;
    if (this.#written >= this.#reserve * LOOK_PART) void this.look();
  }

  /** Looks now, and from now on every few seconds until `close`. */
  look(): Promise<void> {
    this.#written = 0;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
      this.#timer?.cancel();
      if (!this.#closed) this.#timer = this.#clock.setTimeout(() => void this.look(), LOOK_MS);
    });
    return this.#looking;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#looking;
  }

  async #look(): Promise<void> {
    const room = await this.#probe.room().catch(() => null);
    const reserve = room === null ? 0 : Math.min(RESERVE_BYTES, room.total * RESERVE_PART);
    if (reserve > 0) this.#reserve = reserve;
    const free = room?.free ?? Number.POSITIVE_INFINITY;
    this.#state = { ...this.#state, free_bytes: room?.free ?? null };
    if (this.#closed) return;
    if (this.writing) {
      if (free < reserve) this.#stop('The disk is almost full.');
      return;
    }
    if (free < reserve * (1 + AGAIN)) return;
    try {
      await this.#probe.tryOut();
    } catch {
      return;
    }
    if (!this.#closed) this.#change({ writing: true, detail: null });
  }

  #stop(fault: string): void {
    if (!this.writing) return;
    this.#change({
      writing: false,
      detail: `${fault} Nothing new is kept until ${this.#folder} has room; agents go on. Make room there, or delete old sessions: afield history prune.`,
    });
    // What comes back by itself comes back soon; a full disk shows how full.
    void this.look();
  }

  #change(change: Pick<Storage, 'writing' | 'detail'>): void {
    this.#state = { ...this.#state, ...change, since: timestamp(this.#clock) };
    for (const handler of [...this.#handlers]) handler(change.writing);
  }
}

/** The disks under these folders: the fullest counts. A folder that is not there yet is left out. */
export function diskOf(folders: readonly string[]): DiskProbe {
  return {
    async room() {
      const rooms = await Promise.all(folders.map(roomOf));
      const known = rooms.filter((room) => room !== null);
      return known.length === 0 ? null : known.reduce((least, room) => (room.free < least.free ? room : least));
    },
    async tryOut() {
      for (const folder of folders) await tryOut(join(folder, '.trial'));
    },
  };
}

async function roomOf(folder: string): Promise<{ free: number; total: number } | null> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    // Some file systems do not tell.
    return blocks === 0 ? null : { free: bavail * bsize, total: blocks * bsize };
  } catch {
    return null;
  }
}

async function tryOut(path: string): Promise<void> {
  try {
    const file = await open(path, 'w', 0o600);
    try {
      await file.writeFile(Buffer.alloc(TRIAL_BYTES, 'afield'));
      // Some file systems find room only when they must.
      await file.datasync();
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  } finally {
    await rm(path, { force: true }).catch(() => {});
  }
}
