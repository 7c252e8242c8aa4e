import type { Session } from '@afield/shared/api/sessions.ts';
import type { Home } from './home.ts';
import { isId, pick, pickOnly } from './resolve.ts';

const PAGE = 1000;
/** Pages that a listing follows: ten thousand sessions are more than anybody looks through. */
const MAX_PAGES = 10;

/** All sessions that are not archived, newest first; with `archived` the archived ones too. */
export async function allSessions(home: Home, query: { status?: string; archived?: boolean; machine?: string } = {}): Promise<Session[]> {
  const sessions: Session[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MAX_PAGES; page++) {
    const sent: { limit: number; status?: string; archived?: boolean; machine?: string; cursor?: string } = { limit: PAGE, ...query };
    if (cursor !== null) sent.cursor = cursor;
    const { items, next_cursor } = await home.ask('Asking the home server', 'listSessions', { query: sent });
    sessions.push(...items);
    cursor = next_cursor;
    if (cursor === null) break;
  }
  return sessions;
}

/**
 * The session that a person names by id, name or beginning of its id; `undefined` means the only one that runs.
 * Archived ones are found when nothing else fits. Errors: `session_not_found`, `conflict` listing the candidates.
 */
export async function findSession(home: Home, text: string | undefined, now: number): Promise<Session> {
  if (text === undefined) return pickOnly(await allSessions(home), now);
  if (isId(text)) return home.ask('Asking the home server', 'getSession', { params: { id: text.toLowerCase() } });
  const sessions = await allSessions(home);
  try {
    return pick(sessions, text, now);
  } catch (error) {
    if ((error as { code?: string }).code !== 'session_not_found') throw error;
    const archived = await allSessions(home, { archived: true });
    return pick(archived, text, now);
  }
}
