import type { Session } from '@afield/shared/api/sessions.ts';
import { printable } from './printable.ts';
import { clock, span, spanInWords, when } from './time.ts';

/** Below this a length of time is "now": lists do not tick by the second. */
const MINUTE_MS = 60_000;

/** One line of a row: words of ours, then what the program calls itself or does (hostile, shown as code). */
export interface SessionLine {
  words: string;
  code: string | null;
}

/** What a session does now. `live: false`: nothing is known of the present, so the words turn to the past. */
export function sessionLine(session: Session, live: boolean): SessionLine {
  const reason = session.status_reason === null ? null : printable(session.status_reason);
  switch (session.status) {
    case 'starting':
      return { words: live ? `starting ${printable(session.agent)}` : 'was starting', code: null };
    case 'busy':
      return { words: live ? (session.activity ?? 'busy') : `was ${session.activity ?? 'busy'}`, code: titleOf(session) };
    case 'idle':
      return { words: live ? 'idle · waits for your next message' : 'was idle', code: null };
    case 'waiting':
      return { words: `waiting · ${reason ?? 'it asks something on its screen'}`, code: null };
    case 'finished':
    case 'failed':
    case 'lost':
    case 'cancelled':
      return { words: `${session.status} · ${reason ?? endOf(session)}`, code: null };
  }
}

/** The words for a place where the status itself stands before them. */
export function wordsAfter(status: string, words: string): string {
  if (words === status) return '';
  const joint = [' · ', ' '].find((between) => words.startsWith(`${status}${between}`));
  return joint === undefined ? words : words.slice(status.length + joint.length);
}

/** The window title, unless it only repeats the name or the agent. */
function titleOf(session: Session): string | null {
  const title = session.title?.trim() ?? '';
  return title === '' || title === session.name || title === session.agent ? null : printable(title);
}

function endOf(session: Session): string {
  if (session.exit_code !== null) return `exit code ${session.exit_code}`;
  if (session.status === 'lost') return 'its process is gone';
  return session.status === 'cancelled' ? 'stopped' : 'ended';
}

/** The time at the right of a row: how long it goes on, or when it ended. Without a link only clock times are true. */
export function sessionWhen(session: Session, now: number, live: boolean): string {
  if (session.ended_at !== null) return when(session.ended_at, now);
  const since = sinceOf(session);
  if (!live) return clock(since);
  return now - since < MINUTE_MS ? 'now' : span(now - since);
}

/** Since when the present state lasts; for one that works, since it was started. */
export function sinceOf(session: Session): number {
  return Date.parse(session.status === 'idle' || session.status === 'waiting' ? session.updated_at : session.created_at);
}

/** The track in words: "Busy for 12 minutes". */
export function trackLabel(session: Session, now: number, live: boolean): string {
  const word = session.status.charAt(0).toUpperCase() + session.status.slice(1);
  if (session.ended_at !== null) return `${word} at ${clock(session.ended_at)}`;
  const length = now - sinceOf(session);
  if (live && length < MINUTE_MS) return `${word} since just now`;
  return live ? `${word} for ${spanInWords(length)}` : `Was ${session.status} at ${clock(session.updated_at)}`;
}

/** How the track ends. */
export function trackEnd(session: Session): 'done' | 'fail' | 'lost' | 'stopped' | null {
  switch (session.status) {
    case 'finished':
      return 'done';
    case 'failed':
      return 'fail';
    case 'lost':
      return 'lost';
    case 'cancelled':
      return 'stopped';
    default:
      return null;
  }
}
