import { eq } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { PurgeStore } from '../core/ports.ts';
import { purges } from './schema.ts';

export function purgeStore(db: BetterSQLite3Database): PurgeStore {
  return {
    add: (session_id) => {
      db.insert(purges).values({ session_id }).onConflictDoNothing().run();
    },
    list: () =>
      db
        .select()
        .from(purges)
        .all()
        .map(({ session_id }) => session_id),
    done: (session_id) => {
      db.delete(purges).where(eq(purges.session_id, session_id)).run();
    },
  };
}
