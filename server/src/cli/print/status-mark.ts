import type { Session, SessionStatus } from '@afield/shared/api/sessions.ts';
import { printable } from './printable.ts';
import type { Role } from './style.ts';

/** Shape, and the role that colours it. The word always stands beside: colour alone says nothing. */
export const MARKS: Readonly<Record<SessionStatus, { shape: string; role: Role }>> = {
  waiting: { shape: '◆', role: 'signal' },
  busy: { shape: '◉', role: 'run' },
  starting: { shape: '◌', role: 'run' },
  idle: { shape: '⊖', role: 'quiet' },
  finished: { shape: '●', role: 'done' },
  failed: { shape: '■', role: 'fail' },
  lost: { shape: '△', role: 'lost' },
  cancelled: { shape: '⊘', role: 'quiet' },
};

/** Order of a list: what waits for its person first, what is over last. */
export const STATUS_ORDER: readonly SessionStatus[] = ['waiting', 'busy', 'starting', 'idle', 'failed', 'lost', 'finished', 'cancelled'];

/** `◉ busy, editing` */
export function statusWord(session: Pick<Session, 'status' | 'activity'>): string {
  const activity = session.status === 'busy' && session.activity !== null ? `, ${session.activity}` : '';
  return `${MARKS[session.status].shape} ${session.status}${activity}`;
}

/** How a session ended: status, exit code, and the reason that the server gives. */
export function endSentence({ status, exit_code, status_reason }: Pick<Session, 'status' | 'exit_code' | 'status_reason'>): string {
  const known = exit_code === null || status_reason?.includes(`exit code ${exit_code}`);
  const reason = status_reason === null ? '' : ` ${printable(status_reason)}`;
  return `${MARKS[status].shape} ${status}${known ? '' : `, exit code ${exit_code}`}.${reason}`;
}
