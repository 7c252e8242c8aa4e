/** The database file itself: looked at before SQLite touches it, opened for us alone, and what it means when that fails. */
import { chmodSync, closeSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { AfieldError } from '@afield/shared/errors.ts';
import Database from 'better-sqlite3';
import { MIGRATIONS } from './migrations.ts';

/** First 16 bytes of every SQLite file, and where `user_version` stands (SQLite file format, section 1.3). */
const MAGIC = 'SQLite format 3\0';
const USER_VERSION_AT = 60;
const HEADER_BYTES = 100;
/** The write-ahead log is kept at this size between checkpoints. */
const WAL_BYTES = 16 * 1024 * 1024;
/** Pages after which it is written back: an entry with its words changes about ten, and every time the disk is waited for. */
const WAL_PAGES = 4_000;
/** A predecessor that is just shutting down may hold the file this long. */
const BUSY_MS = 3_000;
/** What to do when another server has the file. */
export const STOP_IT = 'Stop it with afield server stop, or set AFIELD_HOME to another folder.';

/** Opens the file for us alone; it and its folder are made when missing. Errors: `unavailable`, as `explain` says. */
export function connect(path: string): Database.Database {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  refuseForeign(path);
  let sqlite: Database.Database | undefined;
  try {
    // Made by us, so that it is never readable by others, not even for a moment.
    closeSync(openSync(path, 'a', 0o600));
    chmodSync(path, 0o600);
    sqlite = new Database(path, { timeout: BUSY_MS });
    // For a new file; one that has tables already must be written anew for it (see `migrate`).
    sqlite.pragma('auto_vacuum = INCREMENTAL');
    // Held for our whole life: a second server on the same folder is refused, and no shared-memory file is needed.
    sqlite.pragma('locking_mode = EXCLUSIVE');
    sqlite.pragma('journal_mode = WAL');
    sqlite.pragma('synchronous = NORMAL');
    // What a large change left there is given back.
    sqlite.pragma(`journal_size_limit = ${WAL_BYTES}`);
    sqlite.pragma(`wal_autocheckpoint = ${WAL_PAGES}`);
    // The mode alone takes nothing; the first write does, and keeps it.
    sqlite.exec('BEGIN IMMEDIATE; COMMIT');
    return sqlite;
  } catch (cause) {
    sqlite?.close();
    throw explain(path, cause);
  }
}

/** Looks at the bytes before SQLite does, since opening alone would already make files beside it. */
function refuseForeign(path: string): void {
  const header = Buffer.alloc(HEADER_BYTES);
  const length = readHeader(path, header);
  if (length === 0) return;
  if (length < HEADER_BYTES || header.toString('latin1', 0, MAGIC.length) !== MAGIC) throw broken(path, 'it is not a database');
  refuseNewer(path, header.readUInt32BE(USER_VERSION_AT));
  if ((statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) === 0) return;
  // The newest header may still be in the write-ahead log; a read-only connection never writes it back.
  try {
    const reader = new Database(path, { readonly: true, timeout: BUSY_MS });
    try {
      refuseNewer(path, Number(reader.pragma('user_version', { simple: true })));
    } finally {
      reader.close();
    }
  } catch (cause) {
    throw explain(path, cause);
  }
}

function readHeader(path: string, into: Buffer): number {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw explain(path, cause);
  }
  try {
    return readSync(file, into, 0, into.length, 0);
  } finally {
    closeSync(file);
  }
}

function refuseNewer(path: string, version: number): void {
  if (version <= MIGRATIONS.length) return;
  throw new AfieldError(
    'unavailable',
    `The database ${path} was written by a newer version of Afield (format ${version}, this one knows ${MIGRATIONS.length}). ` +
      'It was not touched. Update Afield, or point AFIELD_HOME at another folder.',
  );
}

function broken(path: string, what: string, cause?: unknown): AfieldError {
  return new AfieldError(
    'unavailable',
    `The database ${path} cannot be read: ${what}. It was kept. Move it away to start afresh, or put a backup in its place.`,
    { cause },
  );
}

const isLock = (code: string) => code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED');
/** Of an error of `connect`. */
export const isHeldByOther = (error: unknown) => isLock(((error as Error).cause as { code?: string } | undefined)?.code ?? '');

/** An error of SQLite in words: the file is held, broken, or cannot be opened. */
export function explain(path: string, cause: unknown): AfieldError {
  if (cause instanceof AfieldError) return cause;
  const { code = '', message } = cause as { code?: string; message: string };
  if (isLock(code)) {
    return new AfieldError('unavailable', `Another Afield server uses ${path}. ${STOP_IT}`, { cause });
  }
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB' || code === 'SQLITE_ERROR') return broken(path, message, cause);
  return new AfieldError('unavailable', `The database ${path} cannot be opened: ${message}. Check that its folder can be written.`, {
    cause,
  });
}
