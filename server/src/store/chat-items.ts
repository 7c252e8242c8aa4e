import { and, asc, desc, eq, getTableColumns, inArray, isNotNull, lt, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { ChatStore } from '../core/chat-stores.ts';
import { chatItems } from './schema.ts';

const OPEN = ['open', 'pending', 'running'];

export function chatStore(db: BetterSQLite3Database): ChatStore {
  const { seq: _seq, ...columns } = getTableColumns(chatItems);
  const placeOf = (id: string) => db.select({ seq: chatItems.seq }).from(chatItems).where(eq(chatItems.id, id)).get()?.seq ?? 0;
  return {
    insert: (row) => {
      db.insert(chatItems).values(row).run();
    },
    update: (id, changes) => {
      db.update(chatItems).set(changes).where(eq(chatItems.id, id)).run();
    },
    get: (id) => db.select(columns).from(chatItems).where(eq(chatItems.id, id)).get() ?? null,
    byKey: (session_id, key) =>
      db
        .select(columns)
        .from(chatItems)
        .where(and(eq(chatItems.session_id, session_id), eq(chatItems.key, key), isNotNull(chatItems.key)))
        .orderBy(desc(chatItems.seq))
        .limit(1)
        .get() ?? null,
    list: ({ session_id, before, limit }) =>
      db
        .select(columns)
        .from(chatItems)
        .where(and(eq(chatItems.session_id, session_id), before === undefined ? undefined : lt(chatItems.seq, placeOf(before))))
        .orderBy(desc(chatItems.seq))
        .limit(limit)
        .all(),
    open: (session_id) =>
      db
        .select(columns)
        .from(chatItems)
        .where(and(eq(chatItems.session_id, session_id), inArray(sql`json_extract(${chatItems.body}, '$.state')`, OPEN)))
        .orderBy(asc(chatItems.seq))
        .all(),
    purge: (session_id, limit) => {
      const some = db.select({ seq: chatItems.seq }).from(chatItems).where(eq(chatItems.session_id, session_id)).limit(limit);
      return db.delete(chatItems).where(inArray(chatItems.seq, some)).run().changes;
    },
  };
}
