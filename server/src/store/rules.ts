import { asc, eq, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { RuleStore } from '../core/chat-stores.ts';
import { rules } from './schema.ts';

export function ruleStore(db: BetterSQLite3Database): RuleStore {
  return {
    insert: (row) => db.insert(rules).values(row).onConflictDoNothing().run().changes === 1,
    get: (id) => db.select().from(rules).where(eq(rules.id, id)).get() ?? null,
    list: () => db.select().from(rules).orderBy(asc(rules.created_at), asc(rules.id)).all(),
    used: (id, at) => {
      db.update(rules)
        .set({ used: sql`${rules.used} + 1`, used_at: at })
        .where(eq(rules.id, id))
        .run();
    },
    delete: (id) => db.delete(rules).where(eq(rules.id, id)).run().changes === 1,
  };
}
