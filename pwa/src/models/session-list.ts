import { ENDED, type Session } from '@afield/shared/api/sessions.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import type { ReadonlySignal } from '@preact/signals';
import type { HomeLink } from './home-link.ts';

/** The list of sessions apart from its signals: how it is fetched, what an event does to it, how it is grouped, what changed. */

export type SessionMap = ReadonlyMap<string, Session>;

/** As many as are kept on the phone; older ended ones are left to the server. */
export const MAX_SESSIONS = 500;

export function toMap(sessions: readonly Session[]): SessionMap {
  return new Map(sessions.map((session) => [session.id, session]));
}

export function without(sessions: SessionMap, id: string): SessionMap {
  if (!sessions.has(id)) return sessions;
  const next = new Map(sessions);
  next.delete(id);
  return next;
}

/** As many sessions as one request brings. */
const PAGE = 200;

/** The list as home has it; what an event brought meanwhile and is newer than the answer stays. */
export async function fetchSessions(link: Pick<HomeLink, 'call'>, known: ReadonlySignal<SessionMap>): Promise<SessionMap> {
  const all: Session[] = [];
  let cursor: string | null = null;
  do {
    const query: { limit: number; cursor?: string } = { limit: PAGE, ...(cursor === null ? {} : { cursor }) };
    const page: { items: Session[]; next_cursor: string | null } = await link.call('listSessions', { query });
    all.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null && all.length < MAX_SESSIONS);
  const mine = known.peek();
  return toMap(all.map((session) => (isStale(mine.get(session.id), session) ? mine.get(session.id)! : session)));
}

/** A late event never replaces something newer: a list fetched meanwhile may already hold what comes after it. */
function isStale(known: Session | undefined, next: Session): boolean {
  return known !== undefined && Date.parse(known.updated_at) > Date.parse(next.updated_at);
}

/** The list after an event. The same object when nothing changed. `archived`: archived ones belong into it. */
export function applyEvent(sessions: SessionMap, event: AfieldEvent, archived = false): SessionMap {
  switch (event.type) {
    case 'session.created':
    case 'session.status_changed':
    case 'session.renamed':
    case 'session.recovered':
    case 'agent.idle': {
      const { session } = event.payload;
      if (isStale(sessions.get(session.id), session)) return sessions;
      const next = new Map(sessions);
      if (session.archived && !archived) next.delete(session.id);
      else next.set(session.id, session);
      return next.size > MAX_SESSIONS ? dropOldest(next) : next;
    }
    case 'session.resized': {
      const known = event.session_id === null ? undefined : sessions.get(event.session_id);
      if (known === undefined) return sessions;
      return new Map(sessions).set(known.id, { ...known, ...event.payload });
    }
    case 'session.deleted':
      return event.session_id === null ? sessions : without(sessions, event.session_id);
    default:
      return sessions;
  }
}

function dropOldest(sessions: Map<string, Session>): Map<string, Session> {
  const ended = [...sessions.values()].filter((session) => ENDED.has(session.status)).sort(oldestEndFirst);
  const oldest = ended[0];
  if (oldest !== undefined) sessions.delete(oldest.id);
  return sessions;
}

const text = (a: string | null, b: string | null): number => (a ?? '').localeCompare(b ?? '');
const oldestEndFirst = (a: Session, b: Session): number => text(a.ended_at, b.ended_at) || text(a.id, b.id);
const newestEndFirst = (a: Session, b: Session): number => oldestEndFirst(b, a);
const longestWaitFirst = (a: Session, b: Session): number => text(a.updated_at, b.updated_at) || text(a.id, b.id);
/** By start, so that a row under a finger stays where it is; pinned ones on top. */
const newestStartFirst = (a: Session, b: Session): number =>
  Number(b.pinned) - Number(a.pinned) || text(b.created_at, a.created_at) || text(b.id, a.id);

export interface SessionGroups {
  needs: Session[];
  running: Session[];
  recent: Session[];
}

export function groupSessions(sessions: SessionMap): SessionGroups {
  const all = [...sessions.values()];
  return {
    needs: all.filter((session) => session.status === 'waiting').sort(longestWaitFirst),
    running: all.filter((session) => session.status !== 'waiting' && !ENDED.has(session.status)).sort(newestStartFirst),
    recent: all.filter((session) => ENDED.has(session.status)).sort(newestEndFirst),
  };
}

/** The list as it is kept on the device: live ones first, then by end, so that a cut drops the oldest. */
export function forSnapshot(sessions: SessionMap): Session[] {
  const { needs, running, recent } = groupSessions(sessions);
  return [...needs, ...running, ...recent];
}

/** `text`: one sentence, empty when nothing happened. `lost`: how many sessions were lost. */
export interface Happened {
  text: string;
  lost: number;
}

/** What happened between two looks. */
export function whatHappened(before: SessionMap, after: SessionMap): Happened {
  const counts = new Map<string, number>();
  for (const session of after.values()) {
    const what = newsOf(before.get(session.id), session);
    if (what !== null) counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  const parts = Object.entries(NEWS).flatMap(([what, say]) => (counts.has(what) ? [say(counts.get(what)!)] : []));
  return { text: parts.length === 0 ? '' : `Meanwhile ${parts.join(', ')}.`, lost: counts.get('lost') ?? 0 };
}

/** In the order in which they are said. */
const NEWS: Record<string, (count: number) => string> = {
  waiting: (count) => `${count} ${count === 1 ? 'needs' : 'need'} you`,
  finished: (count) => `${count} finished`,
  failed: (count) => `${count} failed`,
  lost: (count) => `${count} ${count === 1 ? 'was' : 'were'} lost`,
  started: (count) => `${count} started`,
};

function newsOf(known: Session | undefined, session: Session): string | null {
  if (known?.status === session.status) return null;
  if (session.status in NEWS) return session.status;
  return known === undefined && session.ended_at === null ? 'started' : null;
}
