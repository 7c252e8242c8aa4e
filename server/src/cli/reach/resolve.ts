import { ENDED, type Session } from '@afield/shared/api/sessions.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { since } from '../print/age.ts';
import { printable } from '../print/printable.ts';
import { statusWord } from '../print/status-mark.ts';

/** Shortest beginning of an id that counts; shorter ones are more likely a name. */
const MIN_PREFIX_CHARACTERS = 4;
/** Candidates that an error lists. */
const MAX_CANDIDATES = 8;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A whole id needs no search. */
export const isId = (text: string): boolean => UUID.test(text);

const hex = (id: string): string => id.replaceAll('-', '').toLowerCase();

/** Shortest beginnings of at least 8 characters that tell the ids apart. Ids of one minute begin alike, for they begin with the time. */
export function shortIds(ids: readonly string[]): Map<string, string> {
  const sorted = [...ids].sort();
  return new Map(
    sorted.map((id, i) => {
      let length = 8;
      for (const other of [sorted[i - 1], sorted[i + 1]]) {
        if (other === undefined || other === id) continue;
        while (length < id.length && id.slice(0, length) === other.slice(0, length)) length++;
      }
      const short = id.slice(0, length);
      return [id, short.endsWith('-') ? id.slice(0, length + 1) : short];
    }),
  );
}

function candidatesOf(what: string, sessions: readonly Session[], now: number): string {
  const short = shortIds(sessions.map((session) => session.id));
  const lines = sessions
    .slice(0, MAX_CANDIDATES)
    .map(
      (session) =>
        `  ${short.get(session.id)}  ${statusWord(session)}  ${printable(session.name)}  ${printable(session.agent)}  ${since(session.created_at, now)} old`,
    );
  const more = sessions.length > MAX_CANDIDATES ? [`  … and ${sessions.length - MAX_CANDIDATES} more`] : [];
  return [what, ...lines, ...more].join('\n');
}

/** Of several with one name, the only one that still runs is meant. */
function theOne(sessions: readonly Session[]): Session | null {
  if (sessions.length === 1) return sessions[0] as Session;
  const running = sessions.filter((session) => !ENDED.has(session.status));
  return running.length === 1 ? (running[0] as Session) : null;
}

/**
 * Finds the session that a person means: by id, by name (capitals count only when they must), or by the beginning of its id.
 * Errors: `session_not_found`; `conflict` listing the candidates.
 */
export function pick(sessions: readonly Session[], text: string, now: number): Session {
  const wanted = text.trim();
  const byId = sessions.find((session) => session.id === wanted.toLowerCase());
  if (byId !== undefined) return byId;
  const shown = printable(wanted);
  const ambiguous = (found: readonly Session[]): AfieldError =>
    new AfieldError('conflict', candidatesOf(`"${shown}" fits ${found.length} sessions. Say it with the id:`, found, now));

  for (const same of [(name: string) => name === wanted, (name: string) => name.toLowerCase() === wanted.toLowerCase()]) {
    const named = sessions.filter((session) => same(session.name));
    if (named.length === 0) continue;
    const one = theOne(named);
    if (one === null) throw ambiguous(named);
    return one;
  }

  const prefix = hex(wanted);
  if (/^[0-9a-f-]+$/i.test(wanted) && prefix.length >= MIN_PREFIX_CHARACTERS) {
    const begun = sessions.filter((session) => hex(session.id).startsWith(prefix));
    if (begun.length === 1) return begun[0] as Session;
    if (begun.length > 1) throw ambiguous(begun);
  }
  throw new AfieldError('session_not_found', `There is no session "${shown}". afield list --all shows which there are.`);
}

/** The session that is meant when none was named: the only one that runs. Errors: `session_not_found`, `conflict`. */
export function pickOnly(sessions: readonly Session[], now: number): Session {
  const running = sessions.filter((session) => !ENDED.has(session.status));
  if (running.length === 1) return running[0] as Session;
  if (running.length === 0) throw new AfieldError('session_not_found', 'No session runs. Start one with afield run <agent>.');
  throw new AfieldError('conflict', candidatesOf(`${running.length} sessions run. Say which one:`, running, now));
}
