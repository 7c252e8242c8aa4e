/** What becomes of the sessions when the home server ends: those in tmux go on, the others end with it. */
import { createInterface } from 'node:readline/promises';
import type { Session } from '@afield/shared/api/sessions.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { EXIT, Exit } from './exit.ts';
import { type Io, note } from './io.ts';
import { printable } from './print/printable.ts';
import { type Home, isAnswering } from './reach/home.ts';
import { allSessions } from './reach/sessions.ts';

const LIVE = 'starting,busy,idle,waiting';
/** Names that the question lists. */
const NAMED = 5;
/** A busy server answers within this; another one hangs. */
const PATIENCE_MS = 5_000;

export interface LiveSessions {
  ending: Session[];
  /** Number of those that outlive the home server. */
  goingOn: number;
}

/** Null when the server does not answer, so that nobody can tell. */
export async function liveSessions(home: Home): Promise<LiveSessions | null> {
  const { state } = home;
  if (state === null || !(await isAnswering(state, PATIENCE_MS))) return null;
  try {
    const sessions = await allSessions(home, { status: LIVE });
    // An earlier version does not say it, and could not do it.
    const ending = sessions.filter((session) => session.survives_restart !== true);
    return { ending, goingOn: sessions.length - ending.length };
  } catch {
    // a server that cannot say is one more reason to stop it
    return null;
  }
}

export const isAtTerminal = (io: Io): boolean => (io.stdin as { isTTY?: boolean }).isTTY === true;

/** Asks at a terminal. Errors: `conflict` elsewhere, with what to do instead; `Exit` when the answer is no. */
export async function confirm(io: Io, what: string, { question, otherwise }: { question: string; otherwise: string }): Promise<void> {
  if (!isAtTerminal(io)) throw new AfieldError('conflict', `${what} ${otherwise}`);
  const lines = createInterface({ input: io.stdin, output: io.stderr as NodeJS.WritableStream });
  try {
    if (/^y(es)?$/i.test((await lines.question(`${what} ${question} [y/N] `)).trim())) return;
  } finally {
    lines.close();
  }
  note(io, 'Nothing was stopped.');
  throw new Exit(EXIT.failed);
}

/** Which sessions end with the server, in one sentence; null when none does. */
export function endingSentence({ ending, goingOn }: LiveSessions): string | null {
  if (ending.length === 0) return null;
  const names = ending.slice(0, NAMED).map(({ name }) => printable(name));
  const more = ending.length > NAMED ? `, … and ${ending.length - NAMED} more` : '';
  const others = goingOn === 0 ? '' : ` ${goingOn} in tmux ${goingOn === 1 ? 'goes' : 'go'} on.`;
  const count = ending.length === 1 ? '1 session runs and ends' : `${ending.length} sessions run and end`;
  return `${count} with the home server: ${names.join(', ')}${more}.${others}`;
}
