/** A copy of the database before its tables change: whole, for its owner alone, the newest three kept. */
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { AfieldError } from '@afield/shared/errors.ts';
import type Database from 'better-sqlite3';

const KEPT = 3;
/** Pages a step: some 16 MB at once, so that the process still answers signals. */
const STEP_PAGES = 4096;
const MB = 1024 * 1024;
/** What else the server writes in its first minutes. */
const SPARE_BYTES = 64 * MB;

export interface BackupOptions {
  /** Of the database. */
  file: string;
  /** Version of Afield that is about to change it. */
  version: string;
  /** For the copy's name. */
  now: Date;
  /** Free bytes of the disk on which this folder lies. Default: asks the system. */
  freeBytes?: (folder: string) => number;
  /** Told once, when there is something to copy: what is done, for a person. */
  onStep?: (doing: string) => void;
}

/** Bytes that a person can write to the disk of this folder. */
function freeOn(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/**
 * Copies an open database beside it by SQLite's own online backup, which sees the write-ahead log too. Resolves with the copy's path.
 * Errors: `storage_full` before anything was written, when there is no room for the copy and for the change itself.
 */
export async function backUp(
  sqlite: Database.Database,
  { file, version, now, freeBytes = freeOn, onStep }: BackupOptions,
): Promise<string> {
  const size = Number(sqlite.pragma('page_count', { simple: true })) * Number(sqlite.pragma('page_size', { simple: true }));
  const folder = path.dirname(file);
  // Once for the copy, once for what the change itself writes.
  const needed = 2 * size + SPARE_BYTES;
  const free = freeBytes(folder);
  if (free < needed) throw noRoom(folder, free, needed);
  onStep?.(`Copying the database (${inMB(size)}) before its tables change`);

  const copy = `${file}.before-${version}-${now.toISOString().replace(/[-:]|\.\d+/g, '')}`;
  const draft = `${copy}.part`;
  try {
    rmSync(draft, { force: true });
    // Made by us, so that it is never readable by others, not even for a moment.
    closeSync(openSync(draft, 'wx', 0o600));
    await sqlite.backup(draft, { progress: () => STEP_PAGES });
    sync(draft);
    renameSync(draft, copy);
    sync(folder);
  } catch (cause) {
    rmSync(draft, { force: true });
    const { code = '', message } = cause as { code?: string; message: string };
    if (code === 'SQLITE_FULL' || code === 'ENOSPC') throw noRoom(folder, freeBytes(folder), needed, cause);
    throw new AfieldError('unavailable', `The database could not be copied before its tables change: ${message}. Nothing was changed.`, {
      cause,
    });
  }
  return copy;
}

/** Removes all but the newest copies, and what a crash left half copied. */
export function pruneBackups(file: string): void {
  const folder = path.dirname(file);
  const own = readdirSync(folder).filter((name) => name.startsWith(`${path.basename(file)}.before-`));
  const stamp = (name: string) => /-(\d{8}T\d{6}Z)$/.exec(name)?.[1] ?? '';
  const copies = own.filter((name) => stamp(name) !== '').sort((a, b) => (stamp(a) < stamp(b) ? 1 : -1));
  const drafts = own.filter((name) => name.endsWith('.part'));
  for (const name of [...copies.slice(KEPT), ...drafts]) rmSync(path.join(folder, name), { force: true });
}

const inMB = (bytes: number) => `${Math.ceil(bytes / MB)} MB`;

function noRoom(folder: string, free: number, needed: number, cause?: unknown): AfieldError {
  return new AfieldError(
    'storage_full',
    `The disk of ${folder} has ${inMB(free)} left; to copy the database and change its tables ${inMB(needed)} are needed. ` +
      'Nothing was changed, and the version before still works with it. Make room, then start again.',
    { cause },
  );
}

function sync(place: string): void {
  const fd = openSync(place, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
