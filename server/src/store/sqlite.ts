/** The database below drizzle, for what must be fast and for what only SQLite knows: prepared statements and full-text search. */
import { statSync } from 'node:fs';
import type Database from 'better-sqlite3';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { DatabaseFile } from '../core/ports.ts';

export type Sqlite = Database.Database;
export type Statement<Bound extends unknown[]> = Database.Statement<Bound>;

export const sqliteOf = (db: BetterSQLite3Database): Sqlite => (db as BetterSQLite3Database & { $client: Sqlite }).$client;

/** Pages that are given back in one step: about a millisecond each hundred. */
const SHRINK_PAGES = 200;
/** So many unused pages are kept for what comes. */
const SPARE_PAGES = 1_000;

/** The file grows and is used again by itself; it shrinks only here. */
export function databaseFile(sqlite: Sqlite): DatabaseFile {
  const figure = (name: string) => Number(sqlite.pragma(name, { simple: true }));
  return {
    size() {
      const page = figure('page_size');
      const pages = figure('page_count');
      const wal = statSync(`${sqlite.name}-wal`, { throwIfNoEntry: false })?.size ?? 0;
      return { bytes: pages * page + wal, used: (pages - figure('freelist_count')) * page };
    },
    shrink() {
      if (figure('auto_vacuum') !== 2 || figure('freelist_count') <= SPARE_PAGES) return false;
      sqlite.pragma(`incremental_vacuum(${SHRINK_PAGES})`);
      return true;
    },
  };
}
