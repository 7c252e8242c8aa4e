/** Why a session ended, in the server's words. */
import type { SessionStatus } from '@afield/shared/api/sessions.ts';

export interface Ending {
  status: SessionStatus;
  reason: string | null;
}

/** Said of sessions whose program could not outlive this server. */
export const LOST_WITH_SERVER = 'It ended with the home server.';

/** Exit codes that shells and `env` give a meaning (POSIX, Shell Command Language, 2.8.2). */
const CODES: Record<number, string> = {
  126: 'the program was found but could not be run',
  127: 'the program was not found',
};
/** A program that ends so soon did not do its work. */
const AT_ONCE_MS = 2_000;

/** `printed`: bytes of output; without any the last screen says nothing. */
export function endingOf(exit: { code: number | null; signal: string | null }, afterMs: number, printed: number): Ending {
  if (exit.code === 0) return { status: 'finished', reason: null };
  const soon = afterMs < AT_ONCE_MS ? ', right after it started' : '';
  if (exit.code === null) return { status: 'failed', reason: `The program was ended by ${exit.signal ?? 'a signal'}${soon}.` };
  const meaning = CODES[exit.code];
  const why = meaning === undefined ? '' : `: ${meaning}`;
  const hint = soon === '' || printed === 0 ? '' : ' Its last screen says why.';
  return { status: 'failed', reason: `The program ended with exit code ${exit.code}${soon}${why}.${hint}` };
}
