import { ENDED, type SessionStatus } from '@afield/shared/api/sessions.ts';
import { and, asc, count, desc, eq, gte, inArray, max, notInArray, type SQL, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { SessionStore } from '../core/ports.ts';
import { containing } from './like.ts';
import { sessions } from './schema.ts';

const OVER = [...ENDED] as SessionStatus[];

type ListInput = Parameters<SessionStore['list']>[0];

export function sessionStore(db: BetterSQLite3Database): SessionStore {
  const newestFirst = (where: (SQL | undefined)[]) =>
    db
      .select()
      .from(sessions)
      .where(and(...where))
      .orderBy(desc(sessions.created_at), desc(sessions.id));
  const notArchived = eq(sessions.archived, false);
  const olderThan = (at: unknown, id: unknown) => sql`(${sessions.created_at}, ${sessions.id}) < (${at}, ${id})`;
  // What every device asks again and again is prepared once: building and preparing take longer than the query.
  const byId = db
    .select()
    .from(sessions)
    .where(eq(sessions.id, sql.placeholder('id')))
    .prepare();
  const unfiltered = (archived: boolean, after: boolean) =>
    newestFirst([archived ? undefined : notArchived, after ? olderThan(sql.placeholder('created_at'), sql.placeholder('id')) : undefined])
      .limit(sql.placeholder('limit'))
      .prepare();
  const pages = new Map<string, ReturnType<typeof unfiltered>>();
  const page = (archived: boolean, before: ListInput['before'] | undefined, limit: number) => {
    const key = `${archived} ${before !== undefined}`;
    const prepared = pages.get(key) ?? unfiltered(archived, before !== undefined);
    pages.set(key, prepared);
    return prepared.all({ ...before, limit });
  };

  return {
    insert: (row) => {
      db.insert(sessions).values(row).run();
    },
    update: (id, changes) => {
      if (Object.keys(changes).length > 0) db.update(sessions).set(changes).where(eq(sessions.id, id)).run();
    },
    get: (id) => byId.get({ id }) ?? null,
    list: ({ status, agent, project_id, machine, q, archived, limit, before }) => {
      const where: SQL[] = [];
      if (status !== undefined) where.push(inArray(sessions.status, status));
      if (agent !== undefined) where.push(eq(sessions.agent, agent));
      if (project_id !== undefined) where.push(eq(sessions.project_id, project_id));
      if (machine !== undefined) where.push(eq(sessions.machine, machine));
      if (q !== undefined) {
        const part = containing(q);
        where.push(sql`(${sessions.name} LIKE ${part} ESCAPE '\\' OR ${sessions.cwd} LIKE ${part} ESCAPE '\\')`);
      }
      if (where.length === 0) return page(archived, before, limit);
      if (!archived) where.push(notArchived);
      if (before !== undefined) where.push(olderThan(before.created_at, before.id));
      return newestFirst(where).limit(limit).all();
    },
    unfinished: () => db.select().from(sessions).where(notInArray(sessions.status, OVER)).all(),
    ended: (after, limit) =>
      db
        .select()
        .from(sessions)
        .where(
          and(
            // Written out, not bound: only so SQLite sees that the index holds just these.
            sql`${sessions.pinned} = 0 AND ${sessions.ended_at} IS NOT NULL`,
            inArray(sessions.status, OVER),
            after === null ? undefined : sql`(${sessions.ended_at}, ${sessions.id}) > (${after.ended_at}, ${after.id})`,
          ),
        )
        .orderBy(asc(sessions.ended_at), asc(sessions.id))
        .limit(limit)
        .all(),
    endedSince: (time, limit) =>
      db.select().from(sessions).where(gte(sessions.ended_at, time)).orderBy(desc(sessions.ended_at)).limit(limit).all(),
    delete: (id) => {
      db.delete(sessions).where(eq(sessions.id, id)).run();
    },
    newestAt: () =>
      db
        .select({ at: max(sessions.updated_at) })
        .from(sessions)
        .get()?.at ?? null,
    counts: () => {
      const rows = db.select({ status: sessions.status, n: count() }).from(sessions).groupBy(sessions.status).all();
      return Object.fromEntries(rows.map((row) => [row.status, row.n]));
    },
  };
}
