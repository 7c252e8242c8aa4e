/**
 * Log entries and the index of their words. The index holds no text (FTS5, contentless), only words; in front of those of the text stand
 * two that no text can hold: whose session's it is and of which type, so that a search in one session is fast even for a word that
 * stands everywhere else too.
 */
import type { LogEntry, LogType } from '@afield/shared/api/logs.ts';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { LogQuery, LogStore } from '../core/ports.ts';
import type { logs } from './schema.ts';
import { indexedText, searchWords } from './search-words.ts';
import { type Sqlite, type Statement, sqliteOf } from './sqlite.ts';

export type LogRow = typeof logs.$inferSelect;

/** Entries of so many seqs share a row of times. */
const SPAN_BITS = 10;
/** Pages of the index that are put in order in one step: some milliseconds. */
const TIDY_PAGES = 8;
/** Of an index page, one in five must be of deleted entries before it is written anew. */
const TIDY_FROM_PERCENT = 20;
const LAST = Number.MAX_SAFE_INTEGER;

/** For the event store: an entry is written in the transaction of its event. */
export interface LogWriter extends LogStore {
  insert(seq: number, entry: LogEntry): void;
}

export function logStore(db: BetterSQLite3Database): LogWriter {
  const sqlite = sqliteOf(db);
  const insert = sqlite.prepare<[number, string, string, string, string, string | null]>('INSERT INTO logs VALUES (?, ?, ?, ?, ?, ?)');
  const insertWords = sqlite.prepare<[number, string]>('INSERT INTO logs_text (rowid, text) VALUES (?, ?)');
  const count = sqlite.prepare<[string, number]>(
    'INSERT INTO log_sums VALUES (?, 1, ?) ON CONFLICT DO UPDATE SET entries = entries + 1, bytes = bytes + excluded.bytes',
  );
  const widen = sqlite.prepare<[number, string, string]>(
    'INSERT INTO log_spans VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)',
  );
  const sums = sqlite.prepare<[string], { entries: number; bytes: number }>('SELECT entries, bytes FROM log_sums WHERE session_id = ?');
  const allSums = sqlite.prepare<[], { entries: number; bytes: number }>(
    'SELECT coalesce(sum(entries), 0) AS entries, coalesce(sum(bytes), 0) AS bytes FROM log_sums',
  );
  const oldest = sqlite.prepare<[], { timestamp: string }>('SELECT timestamp FROM logs ORDER BY seq LIMIT 1');
  const spans = sqlite.prepare<[string, string], { first: number | null; last: number | null }>(
    'SELECT min(span) AS first, max(span) AS last FROM log_spans WHERE last_at >= ? AND first_at < ?',
  );

  /** Of what time an entry may be, as bounds of its seq; the entries themselves are still to be compared. */
  const within = ({ since = 0, before = LAST, from, to }: LogQuery): { since: number; before: number } | null => {
    if (from === undefined && to === undefined) return { since, before };
    const { first, last } = spans.get(from ?? '', to ?? '~')!;
    if (first === null || last === null) return null;
    return { since: Math.max(since, first * 2 ** SPAN_BITS - 1), before: Math.min(before, (last + 1) * 2 ** SPAN_BITS) };
  };

  const rowsOf = (query: LogQuery, from: string, where: string[], params: (string | number)[]): LogRow[] => {
    const bounds = within(query);
    if (bounds === null) return [];
    const order = query.oldest === true ? 'ASC' : 'DESC';
    const times = [...(query.from === undefined ? [] : ['logs.timestamp >= ?']), ...(query.to === undefined ? [] : ['logs.timestamp < ?'])];
    const key = from.startsWith('logs_text') ? 'logs_text.rowid' : 'logs.seq';
    const all = [...where, `${key} > ?`, `${key} < ?`, ...times].join(' AND ');
    return prepared(sqlite, `SELECT logs.* FROM ${from} WHERE ${all} ORDER BY ${key} ${order} LIMIT ?`).all(
      ...params,
      bounds.since,
      bounds.before,
      ...[query.from, query.to].filter((time) => time !== undefined),
      query.limit,
    ) as LogRow[];
  };

  return {
    insert(seq, { session_id, timestamp, type, text, detail }) {
      const json = detail === undefined ? null : JSON.stringify(detail);
      insert.run(seq, session_id, timestamp, type, text, json);
      insertWords.run(seq, indexedText(session_id, type, text));
      count.run(session_id, Buffer.byteLength(text) + (json === null ? 0 : Buffer.byteLength(json)));
      widen.run(Math.floor(seq / 2 ** SPAN_BITS), timestamp, timestamp);
    },

    read(query) {
      const { session_id, types } = query;
      if (types === undefined) return rowsOf(query, 'logs', ['logs.session_id = ?'], [session_id]).map(entryOf);
      // One type after the other, so that a rare one is found at once (SQLite would rather go through the whole session); then the first of all.
      const rows = types.flatMap((type) =>
        rowsOf(query, 'logs INDEXED BY logs_type', ['logs.session_id = ?', 'logs.type = ?'], [session_id, type]),
      );
      rows.sort((a, b) => (query.oldest === true ? a.seq - b.seq : b.seq - a.seq));
      return rows.slice(0, query.limit).map(entryOf);
    },

    search(query) {
      const { q, session_id, types } = query;
      const words = searchWords(q, { session_id, types });
      const where = ['logs_text MATCH ?', ...(session_id === undefined ? [] : ['logs.session_id = ?'])];
      const params = [words.match, ...(session_id === undefined ? [] : [session_id])];
      // CROSS: words first. Else SQLite may look every entry of the session up in the index of words.
      const rows = rowsOf(query, 'logs_text CROSS JOIN logs ON logs.seq = logs_text.rowid', where, params);
      return rows.map((row) => ({ ...entryOf(row), marks: words.marks(row.text) }));
    },

    sums: (session_id) => (session_id === undefined ? allSums.get()! : (sums.get(session_id) ?? { entries: 0, bytes: 0 })),
    oldestAt: () => oldest.get()?.timestamp ?? null,

    purge: sqlite.transaction((session_id: string, limit: number) => {
      const rows = prepared(sqlite, 'SELECT seq FROM logs WHERE session_id = ? LIMIT ?').all(session_id, limit) as { seq: number }[];
      for (const { seq } of rows) {
        prepared(sqlite, 'DELETE FROM logs_text WHERE rowid = ?').run(seq);
        prepared(sqlite, 'DELETE FROM logs WHERE seq = ?').run(seq);
      }
      if (rows.length < limit) prepared(sqlite, 'DELETE FROM log_sums WHERE session_id = ?').run(session_id);
      return rows.length;
    }),

    /** Deleting only notes what is gone; this takes it out of the index. Told to do so only here, since otherwise every deletion would. */
    tidy: sqlite.transaction(() => {
      const set = prepared(sqlite, 'INSERT INTO logs_text (logs_text, rank) VALUES (?, ?)');
      set.run('deletemerge', BigInt(TIDY_FROM_PERCENT));
      const changes = prepared(sqlite, 'SELECT total_changes() AS n');
      const before = (changes.get() as { n: number }).n;
      set.run('merge', BigInt(TIDY_PAGES));
      // FTS5 says so: fewer than two changes mean that there was nothing to do.
      const more = (changes.get() as { n: number }).n - before >= 2;
      set.run('deletemerge', 0n);
      return more;
    }),
  };
}

export function entryOf({ seq, session_id, timestamp, type, text, detail }: LogRow): LogEntry {
  const entry = { seq, session_id, timestamp, type: type as LogType, text };
  return detail === null ? entry : { ...entry, detail: JSON.parse(detail) };
}

type Prepared = Statement<unknown[]>;
const statements = new WeakMap<Sqlite, Map<string, Prepared>>();

/** A statement is parsed once; there are only so many forms of them. */
function prepared(sqlite: Sqlite, text: string): Prepared {
  const known = statements.get(sqlite) ?? new Map();
  statements.set(sqlite, known);
  const statement = known.get(text) ?? sqlite.prepare(text);
  known.set(text, statement);
  return statement;
}
