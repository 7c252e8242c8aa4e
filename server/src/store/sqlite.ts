/** The database below drizzle, for what must be fast and for what only SQLite knows: prepared statements and full-text search. */
import type Database from 'better-sqlite3';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';

export type Sqlite = Database.Database;
export type Statement<Bound extends unknown[]> = Database.Statement<Bound>;

export const sqliteOf = (db: BetterSQLite3Database): Sqlite => (db as BetterSQLite3Database & { $client: Sqlite }).$client;
