import { and, asc, desc, eq, getTableColumns, inArray, lt, lte, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { ApprovalStore } from '../core/chat-stores.ts';
import { approvals } from './schema.ts';

export function approvalStore(db: BetterSQLite3Database): ApprovalStore {
  const { seq: _seq, ...columns } = getTableColumns(approvals);
  const placeOf = (id: string) => db.select({ seq: approvals.seq }).from(approvals).where(eq(approvals.id, id)).get()?.seq ?? 0;
  return {
    insert: (row) => {
      db.insert(approvals).values(row).run();
    },
    update: (id, changes) => {
      db.update(approvals).set(changes).where(eq(approvals.id, id)).run();
    },
    get: (id) => db.select(columns).from(approvals).where(eq(approvals.id, id)).get() ?? null,
    open: (session_id) =>
      db
        .select(columns)
        .from(approvals)
        // Written out, not bound: only so SQLite sees that the index holds just these.
        .where(
          and(
            sql`${approvals.state} IN ('pending', 'answered')`,
            session_id === undefined ? undefined : eq(approvals.session_id, session_id),
          ),
        )
        .orderBy(asc(approvals.seq))
        .all(),
    list: ({ session_id, before, limit }) =>
      db
        .select(columns)
        .from(approvals)
        .where(
          and(
            session_id === undefined ? undefined : eq(approvals.session_id, session_id),
            before === undefined ? undefined : lt(approvals.seq, placeOf(before)),
          ),
        )
        .orderBy(desc(approvals.seq))
        .limit(limit)
        .all(),
    prune: (session_id, keep) => {
      const mine = eq(approvals.session_id, session_id);
      const newest = db.select({ seq: approvals.seq }).from(approvals).where(mine).orderBy(desc(approvals.seq));
      const oldest = newest.limit(1).offset(keep).get()?.seq;
      if (oldest === undefined) return;
      db.delete(approvals)
        .where(and(mine, lte(approvals.seq, oldest), inArray(approvals.state, ['delivered', 'gone'])))
        .run();
    },
    purge: (session_id, limit) => {
      const some = db.select({ seq: approvals.seq }).from(approvals).where(eq(approvals.session_id, session_id)).limit(limit);
      return db.delete(approvals).where(inArray(approvals.seq, some)).run().changes;
    },
  };
}
