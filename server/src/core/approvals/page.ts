/** Lists of approvals, by pages that a line can carry: one approval may hold a few MB. */
import type { Approval } from '@afield/shared/api/approvals.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { ApprovalRow, ApprovalStore } from '../chat-stores.ts';
import type { ApprovalBook } from './book.ts';

/** A page ends with the approval that makes it longer than this, in bytes. A message of the link may have 8 MiB. */
const PAGE_BYTES = 2 * 1024 * 1024;
/** Rows read from disk at a time. */
const STEP_ROWS = 20;

interface Page {
  items: Approval[];
  next_cursor: string | null;
}

/** The id of the last one of the page before, wrapped so that nobody is tempted to build one. */
const cursorOf = (id: string) => Buffer.from(id).toString('base64url');
function readCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const id = Buffer.from(cursor, 'base64url').toString();
  if (/^[0-9a-f-]{36}$/.test(id)) return id;
  throw new AfieldError('bad_request', 'This cursor is not one of ours.');
}

/** Takes rows until there are enough of them. */
function fill(book: ApprovalBook, rows: Iterable<ApprovalRow>, limit: number): Page {
  const items: Approval[] = [];
  let bytes = 0;
  for (const row of rows) {
    if (items.length === limit || bytes > PAGE_BYTES) return { items, next_cursor: cursorOf((items.at(-1) as Approval).id) };
    const approval = book.view(row);
    bytes += Buffer.byteLength(JSON.stringify(approval.ask));
    items.push(approval);
  }
  return { items, next_cursor: null };
}

/** Those that wait, oldest first. `waiting`: their ids, in order. */
export function waitingPage(book: ApprovalBook, waiting: Iterable<string>, { limit, cursor }: { limit: number; cursor?: string }): Page {
  const after = readCursor(cursor);
  const rows = function* () {
    for (const id of waiting) {
      // Ids are made in the order of time, so one that is gone meanwhile still says where to go on.
      const row = after !== undefined && id <= after ? null : book.get(id);
      if (row !== null) yield row;
    }
  };
  return fill(book, rows(), limit);
}

/** Everything there was, newest first. */
export function pastPage(
  book: ApprovalBook,
  store: ApprovalStore,
  { session_id, limit, cursor }: { session_id?: string; limit: number; cursor?: string },
): Page {
  const rows = function* () {
    let before = readCursor(cursor);
    for (;;) {
      const some = store.list({ session_id, before, limit: STEP_ROWS });
      for (const row of some) yield book.get(row.id) ?? row;
      before = some.at(-1)?.id;
      if (some.length < STEP_ROWS) return;
    }
  };
  return fill(book, rows(), limit);
}
