import type { Session } from '@afield/shared/api/sessions.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Context } from '../context.ts';
import { EXIT, Exit, type ExitCode } from '../exit.ts';
import { note, say, styleOf } from '../io.ts';
import { printable } from '../print/printable.ts';
import { withProgress } from '../print/progress.ts';
import { endSentence } from '../print/status-mark.ts';
import { type AskingSignal, signalled } from '../signals.ts';
import { LineDesk } from '../terminal/line-desk.ts';
import { ChatDesk } from './chat-desk.ts';
import { followChat } from './follow.ts';

/** Items that are shown of what was before. */
const TAIL = 30;
/** A program that a signal ended exits with 128 and the signal's number. */
const SIGNAL_CODES: Readonly<Record<Exclude<AskingSignal, 'SIGINT'>, number>> = { SIGHUP: 129, SIGTERM: 143 };

type End = { kind: 'left' } | { kind: 'ended'; session: Session | null } | { kind: 'signal'; signal: keyof typeof SIGNAL_CODES };

/** Hands this terminal to the chat of a session until its person leaves it or it is over. */
export async function attachToChat(context: Context, session: Session): Promise<void> {
  const { io } = context;
  const client = await (await context.home()).live();
  const { promise, resolve, reject } = Promise.withResolvers<End>();
  const signals = (['SIGHUP', 'SIGTERM'] as const).map((signal) => {
    const heard = signalled(signal);
    void heard.promise.then(() => resolve({ kind: 'signal', signal }));
    return heard;
  });
  let lines: LineDesk | null = null;
  let unfollow = (): void => {};
  try {
    client.link.start();
    await withProgress(io, 'Connecting to the home server', client.link.ready());
    const desk = new ChatDesk({
      client,
      session,
      style: styleOf(io),
      columns: () => io.stdout.columns ?? 80,
      print: (printed) => lines?.print(printed),
      prompt: (text) => {
        if (lines !== null) lines.prompt = text;
      },
      typing: () => lines?.typing ?? false,
      leave: () => resolve({ kind: 'left' }),
      ended: (over) => resolve({ kind: 'ended', session: over }),
    });
    lines = new LineDesk(io, {
      line: (text) => void desk.line(text).catch(reject),
      interrupt: () => void desk.interrupt().catch(reject),
      leave: () => resolve({ kind: 'left' }),
    });
    lines.print([`${printable(session.name)}, ${printable(session.agent)} in ${printable(session.cwd)}. /help tells what can be typed.`]);
    unfollow = await followChat(client, session.id, TAIL, {
      begin: (now, items, approvals, waiting) => desk.begin(now, items, approvals, waiting),
      event: (event) => desk.event(event),
      failed: reject,
    });
    let away = false;
    const watch = client.link.connection.subscribe(({ state }) => {
      if (state === 'reconnecting' && !away) lines?.print(['△ The home server does not answer; it is tried again.']);
      if (state === 'online' && away) lines?.print(['The home server is back.']);
      if (state === 'reconnecting' || state === 'online') away = state === 'reconnecting';
    });
    const end = await promise;
    watch();
    lines.close();
    conclude(context, session, end);
  } finally {
    lines?.close();
    unfollow();
    for (const signal of signals) signal.stop();
    client.close();
  }
}

function conclude({ io }: Context, session: Session, end: End): void {
  const name = printable(session.name);
  const id = session.id.slice(0, 13);
  if (end.kind === 'left') {
    note(io, `Left. ${name} goes on: afield attach ${id}`);
    return;
  }
  if (end.kind === 'signal') {
    process.exitCode = SIGNAL_CODES[end.signal];
    throw new Exit(SIGNAL_CODES[end.signal] as ExitCode);
  }
  if (end.session === null) throw new AfieldError('session_not_found', `${name} was deleted.`);
  say(io, `${name}: ${endSentence(end.session)}`);
  if (!session.faces.includes('terminal')) note(io, `afield resume ${id} goes on with it, where the agent can.`);
  throw new Exit(end.session.status === 'failed' || end.session.status === 'lost' ? EXIT.failed : EXIT.done);
}
