/** Pages of log entries, bounded in number and in size: a screen on a slow line opens the log of a session of any length. */
import type { LogEntry, LogType } from '@afield/shared/api/logs.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { LogStore } from '../ports.ts';

/** JSON of a page, unless a single entry is larger. */
const PAGE_BYTES = 90_000;

export interface LogPageQuery {
  since?: number;
  before?: number;
  oldest?: boolean;
  type?: LogType[];
  q?: string;
  limit: number;
  cursor?: string;
}

/** In order of time; the newest page first, with `oldest` the oldest. Errors: bad_request for a foreign cursor, or `q` without a word. */
export function logPage(logs: LogStore, session_id: string, query: LogPageQuery): { items: LogEntry[]; next_cursor: string | null } {
  const { since, before, oldest = false, type: types, q, limit } = query;
  // The next page lies on that side of the cursor to which this one goes.
  const at = readSeq(query.cursor);
  const wanted = {
    session_id,
    types,
    oldest,
    limit: limit + 1,
    before: oldest ? before : (at ?? before),
    since: oldest ? (at ?? since) : since,
  };
  const found = q === undefined || q === '' ? logs.read(wanted) : logs.search({ ...wanted, q });
  const { items, next_cursor } = pageOfEntries(found, limit);
  return { items: oldest ? items : items.reverse(), next_cursor };
}

/** As many as fit, of one more than `limit`. */
export function pageOfEntries<T extends LogEntry>(found: readonly T[], limit: number): { items: T[]; next_cursor: string | null } {
  let count = 0;
  for (let bytes = 0; count < Math.min(limit, found.length); count++) {
    bytes += Buffer.byteLength(JSON.stringify(found[count]));
    if (bytes > PAGE_BYTES && count > 0) break;
  }
  const items = found.slice(0, count);
  return { items, next_cursor: found.length > count ? String(items.at(-1)!.seq) : null };
}

/** Errors: bad_request. */
export function readSeq(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined;
  if (!/^\d{1,15}$/.test(cursor)) throw new AfieldError('bad_request', 'This cursor is not one of ours.');
  return Number(cursor);
}
