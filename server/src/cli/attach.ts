import type { ReadStream, WriteStream } from 'node:tty';
import { ENDED, type Session } from '@afield/shared/api/sessions.ts';
import type { AfieldClient } from '@afield/shared/client/client.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Command } from 'commander';
import { surroundingSession } from '../config.ts';
import { attachToChat } from './chat/attach-chat.ts';
import type { CommandModule, Context } from './context.ts';
import { EXIT, Exit, type ExitCode, UsageError } from './exit.ts';
import { type Io, note } from './io.ts';
import { printable } from './print/printable.ts';
import { withProgress } from './print/progress.ts';
import { endSentence, MARKS } from './print/status-mark.ts';
import { styleFor } from './print/style.ts';
import { findSession } from './reach/sessions.ts';
import { isTerminal, TerminalDesk } from './terminal/desk.ts';
import { type ViewEnd, Viewer } from './terminal/viewer.ts';

export const examples: CommandModule['examples'] = [
  ['afield attach web', 'by name; the beginning of an id does too'],
  ['afield attach', 'the only session that runs'],
  ['afield attach web --look', 'watches without taking the size of the terminal'],
  ['afield attach web --face chat', 'its chat, where it has a terminal and a chat'],
];

/** A program that a signal ended exits with 128 and the signal's number. */
const SIGNAL_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** How the session ended, and the exit code for it: a session that failed or was lost is a failure here too. */
async function sayEnded(io: Io, client: AfieldClient, before: Session): Promise<ExitCode> {
  let session = before;
  try {
    session = await withProgress(io, 'Asking the home server', client.call('getSession', { params: { id: before.id } }));
  } catch {
    // deleted, or the home server is gone: what was known before is all there is to say
  }
  const style = styleFor(io.stderr);
  const said = ENDED.has(session.status) ? style(MARKS[session.status].role, endSentence(session)) : 'The session has ended.';
  note(io, `${printable(session.name)}: ${said}`);
  if (session.agent_session_id !== null) note(io, `afield fork ${session.id.slice(0, 13)} goes on with what it knew, in a new session.`);
  return session.status === 'failed' || session.status === 'lost' ? EXIT.failed : EXIT.done;
}

async function conclude(io: Io, client: AfieldClient, session: Session, end: ViewEnd): Promise<void> {
  switch (end.kind) {
    case 'detached':
      note(io, `Detached. ${printable(session.name)} goes on: afield attach ${session.id.slice(0, 13)}`);
      return;
    case 'ended':
      throw new Exit(await sayEnded(io, client, session));
    case 'forbidden':
      throw new AfieldError('forbidden', 'The home server took the access to this session away.');
    case 'refused':
      throw new AfieldError('unauthenticated', end.detail);
    case 'failed':
      throw end.error ?? new AfieldError('internal', 'The session could not be attached.');
    case 'signal':
      process.exitCode = SIGNAL_CODES[end.signal];
      throw new Exit(SIGNAL_CODES[end.signal] as ExitCode);
  }
}

async function connected(io: Io, client: AfieldClient): Promise<void> {
  client.link.start();
  await withProgress(io, 'Connecting to the home server', client.link.ready());
}

type Face = Session['faces'][number];

/** The face that is meant: the terminal where there is one. Errors: not_supported. */
function faceOf({ faces, name }: Session, wanted: string | undefined): Face {
  if (wanted !== undefined && wanted !== 'terminal' && wanted !== 'chat')
    throw new UsageError(`--face takes terminal or chat, not "${wanted}".`);
  const face = wanted ?? (faces.includes('terminal') ? 'terminal' : 'chat');
  if (faces.includes(face)) return face;
  throw new AfieldError('not_supported', `${printable(name)} has no ${face}. It has: ${faces.join(', ')}.`);
}

/** Hands this terminal to a session until it is detached or over. `face`: default its terminal, where it has one. */
export async function attachTo(context: Context, session: Session, lease: 'take' | 'look', face?: string): Promise<void> {
  if (faceOf(session, face) === 'chat') return attachToChat(context, session);
  return attachToTerminal(context, session, lease);
}

async function attachToTerminal({ io, home: open }: Context, session: Session, lease: 'take' | 'look'): Promise<void> {
  if (surroundingSession() === session.id) {
    throw new AfieldError('conflict', 'This terminal is inside of that session: it would show itself in itself without an end.');
  }
  const client = await (await open()).live();
  try {
    await connected(io, client);
    const desk = new TerminalDesk(io.stdin as ReadStream, io.stdout as WriteStream);
    const holder = session.lease?.device_name ?? null;
    const viewer = new Viewer({ link: client.link, session_id: session.id, desk, lease, holder, now: () => io.now() });
    const end = await viewer.run();
    await conclude(io, client, session, end);
  } finally {
    client.close();
  }
}

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .argument('[session]', 'name, id or beginning of an id; left out: the only one that runs')
    .option('--look', 'watch: adapt to the size that is, instead of taking it')
    .option('--face <face>', 'terminal or chat (terminal, where it has one)')
    .addHelpText(
      'after',
      '\nCtrl-\\ or Ctrl-b d detaches, Ctrl-b Ctrl-b sends one Ctrl-b. The session goes on.\nWhile the session has another size: Ctrl-b t takes it, Ctrl-b with arrows pans.\nA chat: what you type is sent, Ctrl-C interrupts the agent, Ctrl-D or Ctrl-\\ leaves, /help tells the rest.',
    )
    .action(async (text: string | undefined, options: { look?: true; face?: string }) => {
      if (!isTerminal(io.stdin, io.stdout)) {
        throw new UsageError(
          'attach needs a terminal. To read along without one: afield logs -f, afield messages -f. To type: afield send.',
        );
      }
      const session = await findSession(await context.home(), text, io.now());
      await attachTo(context, session, options.look === true ? 'look' : 'take', options.face);
    });
}
