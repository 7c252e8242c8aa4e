import { eq } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { MetaStore } from '../core/ports.ts';
import { meta } from './schema.ts';

export function metaStore(db: BetterSQLite3Database): MetaStore {
  return {
    get: (key) => db.select().from(meta).where(eq(meta.key, key)).get()?.value ?? null,
    set: (key, value) => {
      db.insert(meta).values({ key, value }).onConflictDoUpdate({ target: meta.key, set: { value } }).run();
    },
  };
}
