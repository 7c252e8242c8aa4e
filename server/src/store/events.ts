import { type AfieldEvent, EVENT_TYPES, type EventPayloads, type EventType } from '@afield/shared/events.ts';
import { lte, max, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { EventStore } from '../core/ports.ts';
import { entryOf, type LogRow, type LogWriter } from './logs.ts';
import { metaStore } from './meta.ts';
import { events } from './schema.ts';
import { sqliteOf } from './sqlite.ts';

/** Seq up to which old events were deleted. */
const PRUNED = 'events_pruned';

/** Both sides of the join; those of `logs` are null for every other event. */
interface Row extends Pick<LogRow, 'text' | 'detail'> {
  seq: number;
  type: EventType;
  session_id: string | null;
  timestamp: string;
  payload: string;
  log_at: string | null;
  log_type: string | null;
}

/** A `log` event has no payload of its own: its entry is written to `logs` in the same transaction, and read from there. */
export function eventStore(db: BetterSQLite3Database, logs: Pick<LogWriter, 'insert'>): EventStore {
  const sqlite = sqliteOf(db);
  const meta = metaStore(db);
  const insert = sqlite.prepare<[number, string, string | null, string, string]>(
    'INSERT INTO events (seq, type, session_id, timestamp, payload) VALUES (?, ?, ?, ?, ?)',
  );
  const select = (where: string) =>
    sqlite.prepare<unknown[], Row>(
      `SELECT e.seq, e.type, e.session_id, e.timestamp, e.payload, l.timestamp AS log_at, l.type AS log_type, l.text, l.detail
       FROM events e LEFT JOIN logs l ON e.type = 'log' AND l.seq = e.seq
       WHERE e.seq > ?${where} ORDER BY e.seq LIMIT ?`,
    );
  const OF_TYPES = ' AND e.type IN (SELECT value FROM json_each(?))';
  const readers = {
    all: select(''),
    types: select(OF_TYPES),
    session: select(' AND e.session_id = ?'),
    sessionTypes: select(` AND e.session_id = ?${OF_TYPES}`),
  };
  const purge = sqlite.prepare<[string, number]>(
    `DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE session_id = ? AND type <> 'session.deleted' LIMIT ?)`,
  );
  const drop = sqlite.prepare<[string, number, string]>(
    `DELETE FROM events WHERE session_id = ? AND seq >= ? AND type IN ('message.chunk', 'tool.call_updated')
     AND coalesce(json_extract(payload, '$.item_id'), json_extract(payload, '$.item.id')) = ?`,
  );
  const pruned = () => Number(meta.get(PRUNED) ?? 0);
  const last = () =>
    Math.max(
      db
        .select({ seq: max(events.seq) })
        .from(events)
        .get()?.seq ?? 0,
      pruned(),
    );
  // Asked for at every publication, so they are kept; nobody else writes this file.
  let next = nextFromDisk(db, last());
  let first = pruned() + 1;

  const write = sqlite.transaction(({ type, session_id, timestamp, payload }: Parameters<EventStore['append']>[0]) => {
    if (type === 'log') {
      insert.run(next, type, session_id, timestamp, '');
      logs.insert(next, (payload as EventPayloads['log']).entry);
    } else insert.run(next, type, session_id, timestamp, JSON.stringify(payload));
  });

  return {
    append: (event) => {
      write(event);
      return next++;
    },
    skip: () => next++,
    read: ({ since, limit, session_id, types }) => {
      const wanted = types === undefined ? null : JSON.stringify(types);
      let rows: Row[];
      if (session_id === undefined) rows = wanted === null ? readers.all.all(since, limit) : readers.types.all(since, wanted, limit);
      else if (wanted === null) rows = readers.session.all(since, session_id, limit);
      else rows = readers.sessionTypes.all(since, session_id, wanted, limit);
      return rows.flatMap(revive);
    },
    nextSeq: () => next,
    firstSeq: () => first,
    drop: ({ session_id, item_id, from }) => {
      drop.run(session_id, from, item_id);
    },
    prune: (keep) => {
      const upTo = next - 1 - keep;
      if (upTo < first) return;
      db.transaction(() => {
        db.delete(events).where(lte(events.seq, upTo)).run();
        meta.set(PRUNED, String(upTo));
      });
      first = upTo + 1;
    },
    purge: (session_id, limit) => purge.run(session_id, limit).changes,
  };
}

/** SQLite remembers the highest AUTOINCREMENT value even when its row is gone. */
function nextFromDisk(db: BetterSQLite3Database, highest: number): number {
  const kept = db.get<{ seq: number } | undefined>(sql`SELECT seq FROM sqlite_sequence WHERE name = 'events'`);
  return Math.max(kept?.seq ?? 0, highest) + 1;
}

/** An event of a type that only another version knows is left out, and so is one whose entry was deleted. */
function revive({ seq, type, session_id, timestamp, payload, log_at, log_type, text, detail }: Row): AfieldEvent[] {
  if (!EVENT_TYPES.includes(type)) return [];
  if (type !== 'log') return [{ type, seq, session_id, timestamp, payload: JSON.parse(payload) } as AfieldEvent];
  if (session_id === null || log_at === null || log_type === null || text === null) return [];
  return [
    { type, seq, session_id, timestamp, payload: { entry: entryOf({ seq, session_id, timestamp: log_at, type: log_type, text, detail }) } },
  ];
}
