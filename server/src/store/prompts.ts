import type { DeliveryState } from '@afield/shared/api/prompts.ts';
import { and, asc, desc, eq, inArray } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { PromptStore } from '../core/ports.ts';
import { prompts } from './schema.ts';

export function promptStore(db: BetterSQLite3Database): PromptStore {
  const inState = (session_id: string, state: DeliveryState) =>
    db
      .select()
      .from(prompts)
      .where(and(eq(prompts.session_id, session_id), eq(prompts.state, state)))
      .orderBy(asc(prompts.place), asc(prompts.created_at), asc(prompts.id))
      .all();
  return {
    insert: (row) => db.insert(prompts).values(row).onConflictDoNothing().run().changes === 1,
    get: (id) => db.select().from(prompts).where(eq(prompts.id, id)).get() ?? null,
    setState: (id, state, reason) => {
      db.update(prompts).set({ state, reason }).where(eq(prompts.id, id)).run();
    },
    update: (id, changes) => {
      db.update(prompts).set(changes).where(eq(prompts.id, id)).run();
    },
    lastGiven: (session_id) =>
      db
        .select()
        .from(prompts)
        .where(and(eq(prompts.session_id, session_id), inArray(prompts.state, ['accepted', 'consumed'])))
        .orderBy(desc(prompts.created_at), desc(prompts.id))
        .limit(1)
        .get() ?? null,
    undelivered: (session_id) => inState(session_id, 'home'),
    unconfirmed: (session_id) => inState(session_id, 'accepted'),
    purge: (session_id) => {
      db.delete(prompts).where(eq(prompts.session_id, session_id)).run();
    },
  };
}
