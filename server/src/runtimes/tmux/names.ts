/** Names inside tmux: all made by us, from ids. */
import { createHash } from 'node:crypto';

/** The tmux session that control clients are attached to. */
export const TMUX_SESSION = 'afield';

/** Of a session: tmux gives a meaning to most signs. */
export function nameOf(session_id: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(session_id) && session_id !== TMUX_SESSION) return session_id;
  return createHash('sha256').update(session_id).digest('hex').slice(0, 32);
}
