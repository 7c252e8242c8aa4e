import type { Session } from '@afield/shared/api/sessions.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { SessionRow } from '../ports.ts';

/** Place of a row in the list: the next page starts after it. Base64url, so that nobody is tempted to build one. */
function cursorOf({ created_at, id }: SessionRow): string {
  return Buffer.from(`${created_at} ${id}`).toString('base64url');
}

/** Errors: bad_request. */
export function readCursor(cursor: string): { created_at: string; id: string } {
  const [created_at, id, ...more] = Buffer.from(cursor, 'base64url').toString().split(' ');
  if (created_at !== undefined && id !== undefined && id !== '' && more.length === 0) return { created_at, id };
  throw new AfieldError('bad_request', 'This cursor is not one of ours.');
}

/** `rows` holds one more than `limit` when there is a next page. */
export function pageOf(
  rows: SessionRow[],
  limit: number,
  view: (row: SessionRow) => Session,
): { items: Session[]; next_cursor: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { items: page.map(view), next_cursor: rows.length > limit && last !== undefined ? cursorOf(last) : null };
}
