import { type AfieldEvent, EVENT_TYPES, type EventPayloads } from '@afield/shared/events.ts';
import { and, asc, desc, eq, gt, inArray, lt, lte, max, type SQL, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { EventStore } from '../core/ports.ts';
import { containing } from './like.ts';
import { metaStore } from './meta.ts';
import { events } from './schema.ts';

/** Seq up to which old events were deleted. */
const PRUNED = 'events_pruned';

type Row = typeof events.$inferSelect;

export function eventStore(db: BetterSQLite3Database): EventStore {
  const meta = metaStore(db);
  const insert = db
    .insert(events)
    .values({
      type: sql.placeholder('type'),
      session_id: sql.placeholder('session_id'),
      timestamp: sql.placeholder('timestamp'),
      log_type: sql.placeholder('log_type'),
      payload: sql.placeholder('payload'),
    })
    .prepare();
  const last = () =>
    Math.max(
      db
        .select({ seq: max(events.seq) })
        .from(events)
        .get()?.seq ?? 0,
      pruned(),
    );
  const pruned = () => Number(meta.get(PRUNED) ?? 0);
  // Asked for at every publication, so they are kept; nobody else writes this file.
  let next = nextFromDisk(db, last());
  let first = pruned() + 1;

  return {
    append: ({ type, session_id, timestamp, payload }) => {
      const log_type = type === 'log' ? (payload as EventPayloads['log']).entry.type : null;
      const done = insert.run({ type, session_id, timestamp, log_type, payload: JSON.stringify(payload) });
      const seq = Number(done.lastInsertRowid);
      next = seq + 1;
      return seq;
    },
    read: ({ since, limit, session_id, types }) => {
      const where: SQL[] = [gt(events.seq, since)];
      if (session_id !== undefined) where.push(eq(events.session_id, session_id));
      if (types !== undefined) where.push(inArray(events.type, types));
      const rows = db
        .select()
        .from(events)
        .where(and(...where))
        .orderBy(asc(events.seq))
        .limit(limit)
        .all();
      return rows.flatMap(revive);
    },
    logs: ({ session_id, before, since, oldest, types, q, limit }) => {
      const where: SQL[] = [eq(events.session_id, session_id), eq(events.type, 'log')];
      if (before !== undefined) where.push(lt(events.seq, before));
      if (since !== undefined) where.push(gt(events.seq, since));
      if (types !== undefined) where.push(inArray(events.log_type, types));
      if (q !== undefined) where.push(sql`json_extract(${events.payload}, '$.entry.text') LIKE ${containing(q)} ESCAPE '\\'`);
      const rows = db
        .select()
        .from(events)
        .where(and(...where))
        .orderBy(oldest ? asc(events.seq) : desc(events.seq))
        .limit(limit)
        .all();
      return rows.flatMap(revive);
    },
    nextSeq: () => next,
    firstSeq: () => first,
    prune: (keep) => {
      const upTo = next - 1 - keep;
      if (upTo < first) return;
      db.transaction(() => {
        db.delete(events).where(lte(events.seq, upTo)).run();
        meta.set(PRUNED, String(upTo));
      });
      first = upTo + 1;
    },
    purge: (session_id) => {
      db.delete(events).where(eq(events.session_id, session_id)).run();
    },
  };
}

/** SQLite remembers the highest AUTOINCREMENT value even when its row is gone. */
function nextFromDisk(db: BetterSQLite3Database, highest: number): number {
  const kept = db.get<{ seq: number } | undefined>(sql`SELECT seq FROM sqlite_sequence WHERE name = 'events'`);
  return Math.max(kept?.seq ?? 0, highest) + 1;
}

/** A log entry learns its seq when it is read: before the row was written nobody knew it. An event type of another version is left out. */
function revive(row: Row): AfieldEvent[] {
  if (!EVENT_TYPES.includes(row.type)) return [];
  const payload = JSON.parse(row.payload);
  if (row.type === 'log') payload.entry.seq = row.seq;
  return [{ type: row.type, seq: row.seq, session_id: row.session_id, timestamp: row.timestamp, payload } as AfieldEvent];
}
