/** Opens the database: one file, SQLite in WAL mode, one server at a time. */
import { rmSync } from 'node:fs';
import { AfieldError } from '@afield/shared/errors.ts';
import type Database from 'better-sqlite3';
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
import { connect, explain, isHeldByOther, STOP_IT } from './opening.ts';
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
  // So that the version stands in the file itself, where any version (`opening.ts`) looks first.
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
