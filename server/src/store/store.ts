/** Opens the database: one file, SQLite in WAL mode, one server at a time. */
import { chmodSync, closeSync, mkdirSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { AfieldError } from '@afield/shared/errors.ts';
import Database from 'better-sqlite3';
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3';
import type { ApprovalStore, ChatStore, RuleStore, UsageStore } from '../core/chat-stores.ts';
import type {
  DatabaseFile,
  EventStore,
  LogStore,
  MachineStore,
  MetaStore,
  ProjectStore,
  PromptStore,
  PurgeStore,
  SessionStore,
} from '../core/ports.ts';
import { approvalStore } from './approvals.ts';
import { type BackupOptions, backUp, pruneBackups } from './backup.ts';
import { chatStore } from './chat-items.ts';
import { eventStore } from './events.ts';
import { logStore } from './logs.ts';
import { machineStore } from './machines.ts';
import { metaStore } from './meta.ts';
import { MIGRATIONS } from './migrations.ts';
import { projectStore } from './projects.ts';
import { promptStore } from './prompts.ts';
import { purgeStore } from './purges.ts';
import { ruleStore } from './rules.ts';
import { sessionStore } from './sessions.ts';
import { databaseFile } from './sqlite.ts';
import { usageStore } from './usage.ts';

export type Db = BetterSQLite3Database;

export interface Store {
  readonly sessions: SessionStore;
  readonly prompts: PromptStore;
  readonly events: EventStore;
  readonly logs: LogStore;
  readonly projects: ProjectStore;
  readonly machines: MachineStore;
  readonly meta: MetaStore;
  readonly purges: PurgeStore;
  readonly chat: ChatStore;
  readonly approvals: ApprovalStore;
  readonly rules: RuleStore;
  readonly usage: UsageStore;
  readonly file: DatabaseFile;
  /** For the repositories of other rooms. */
  readonly db: Db;
  /** One transaction: all or nothing. */
  atomically<T>(run: () => T): T;
  /** One transaction that is on the disk itself when this returns (`synchronous=FULL`): for pairings and revocations. */
  durably<T>(run: () => T): T;
  /** Null, or what SQLite's own quick check finds wrong. Reads the whole file. */
  check(): string | null;
  close(): void;
}

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

/**
 * Makes the file (0600) and its folder (0700) when missing, and brings the tables up to date. Throws `unavailable` with what to do
 * when the file is from a newer version (not a byte of it is touched), is no database or broken (it is kept), or is held by
 * another server.
 */
export function openStore(path: string): Store {
  const sqlite = connect(path);
  try {
    migrate(sqlite);
    return storeOf(sqlite);
  } catch (cause) {
    sqlite.close();
    throw explain(path, cause);
  }
}

export interface UpgradeOptions extends Pick<BackupOptions, 'version' | 'freeBytes' | 'onStep'> {
  /** Who has the file when another server does, such as `process 7`; null: unknown. */
  holder?: () => string | null;
  /** The file is ours: nobody else opens it until it is closed. */
  onHeld?: () => void;
  now?: () => Date;
}

/**
 * As `openStore`; a database of an earlier format is copied beside itself before its tables change (see `backup.ts`). When the change
 * fails, the database is as it was, and the error says what to do. Errors: `storage_full` too.
 */
export async function upgradeStore(path: string, options: UpgradeOptions): Promise<Store> {
  let sqlite: Database.Database;
  try {
    sqlite = connect(path);
  } catch (error) {
    const holder = isHeldByOther(error) ? (options.holder?.() ?? null) : null;
    if (holder === null) throw error;
    throw new AfieldError('unavailable', `Another Afield server (${holder}) uses ${path}. ${STOP_IT}`, { cause: error });
  }
  try {
    options.onHeld?.();
    await changeWithCopy(sqlite, path, options);
    return storeOf(sqlite);
  } catch (cause) {
    sqlite.close();
    throw explain(path, cause);
  }
}

async function changeWithCopy(sqlite: Database.Database, file: string, options: UpgradeOptions): Promise<void> {
  const before = formatOf(sqlite);
  const now = options.now ?? (() => new Date());
  const copy = before > 0 && before < MIGRATIONS.length ? await backUp(sqlite, { ...options, file, now: now() }) : null;
  try {
    migrate(sqlite);
  } catch (cause) {
    const { message } = cause as Error;
    // The change is one transaction: what failed was undone, so the copy holds nothing that the file does not.
    const undone = isSound(sqlite, before);
    if (copy !== null && undone) rmSync(copy);
    throw new AfieldError(
      'unavailable',
      `The tables of ${file} could not be changed for version ${options.version}: ${message}. ` +
        (undone || copy === null
          ? 'The database is as it was: the version of Afield that you had before still starts with it.'
          : `A copy from before is ${copy}: to go back, put it in the place of ${file} and start the version of Afield that you had before.`),
      { cause },
    );
  }
  if (copy !== null) pruneBackups(file);
}

/** True when the file is in this format and whole. */
function isSound(sqlite: Database.Database, format: number): boolean {
  try {
    return formatOf(sqlite) === format && sqlite.pragma('quick_check(1)', { simple: true }) === 'ok';
  } catch {
    return false;
  }
}

function storeOf(sqlite: Database.Database): Store {
  const db = drizzle(sqlite);
  const atomically = <T>(run: () => T): T => sqlite.transaction(run).immediate();
  const logs = logStore(db);
  return {
    sessions: sessionStore(db),
    prompts: promptStore(db),
    events: eventStore(db, logs),
    logs,
    projects: projectStore(db),
    machines: machineStore(db),
    meta: metaStore(db),
    purges: purgeStore(db),
    chat: chatStore(db),
    approvals: approvalStore(db),
    rules: ruleStore(db),
    usage: usageStore(db),
    file: databaseFile(sqlite),
    db,
    atomically,
    durably: (run) => {
      sqlite.pragma('synchronous = FULL');
      try {
        return atomically(run);
      } finally {
        sqlite.pragma('synchronous = NORMAL');
      }
    },
    check: () => {
      const found = sqlite.pragma('quick_check(1)', { simple: true });
      return found === 'ok' ? null : String(found);
    },
    close: () => sqlite.close(),
  };
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

/** Opens the file for us alone. */
function connect(path: string): Database.Database {
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

/** Number of steps of `MIGRATIONS` that were done. */
const formatOf = (sqlite: Database.Database) => Number(sqlite.pragma('user_version', { simple: true }));

function migrate(sqlite: Database.Database): void {
  const steps = MIGRATIONS.slice(formatOf(sqlite));
  sqlite
    .transaction(() => {
      for (const step of steps) sqlite.exec(step);
      sqlite.pragma(`user_version = ${MIGRATIONS.length}`);
    })
    .immediate();
  // So that the version stands in the file itself, where `refuseForeign` of any version looks first.
  if (steps.length === 0) return;
  sqlite.pragma('wal_checkpoint(TRUNCATE)');
  // So that a file of an earlier version can shrink; without room for a second one it stays as large as it is.
  if (sqlite.pragma('auto_vacuum', { simple: true }) !== 2) {
    try {
      sqlite.exec('VACUUM');
      sqlite.pragma('wal_checkpoint(TRUNCATE)');
    } catch {}
  }
}

function broken(path: string, what: string, cause?: unknown): AfieldError {
  return new AfieldError(
    'unavailable',
    `The database ${path} cannot be read: ${what}. It was kept. Move it away to start afresh, or put a backup in its place.`,
    { cause },
  );
}

const STOP_IT = 'Stop it with afield server stop, or set AFIELD_HOME to another folder.';
const isLock = (code: string) => code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED');
const isHeldByOther = (error: unknown) => isLock(((error as Error).cause as { code?: string } | undefined)?.code ?? '');

function explain(path: string, cause: unknown): AfieldError {
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
