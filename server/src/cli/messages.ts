import type { ChatItem } from '@afield/shared/api/chat.ts';
import { ENDED, type Session } from '@afield/shared/api/sessions.ts';
import type { Command } from 'commander';
import { approvalsOf, followChat, tailOf } from './chat/follow.ts';
import { itemLines } from './chat/item-lines.ts';
import { Transcript } from './chat/transcript.ts';
import type { CommandModule, Context } from './context.ts';
import { UsageError } from './exit.ts';
import { type Io, note, say, sayJson, sayJsonLine, styleOf } from './io.ts';
import { approvalCard, outcomeLine, titleOf } from './print/approval-card.ts';
import { printable } from './print/printable.ts';
import { withProgress } from './print/progress.ts';
import { endSentence } from './print/status-mark.ts';
import type { Home } from './reach/home.ts';
import { findSession } from './reach/sessions.ts';
import { signalled } from './signals.ts';

export const examples: CommandModule['examples'] = [
  ['afield messages web', 'the last 50 items of its chat'],
  ['afield messages web -f', 'goes on as it happens; Ctrl-C ends it'],
  ['afield messages web -n 1000 --json', 'for scripts'],
];

const DEFAULT_COUNT = 50;
const MAX_COUNT = 100_000;

interface Options {
  follow?: true;
  lines?: string;
  json?: true;
}

/** One line for what was asked, and what came of it. */
const approvalLine = (approval: Parameters<typeof titleOf>[0] & { outcome: Parameters<typeof outcomeLine>[0] | null }): string =>
  `◆ ${titleOf(approval)}: ${approval.outcome === null ? 'waits for you' : outcomeLine(approval.outcome)}`;

async function show(io: Io, home: Home, session: Session, count: number, json: boolean): Promise<void> {
  const client = await home.client();
  const items = await withProgress(io, 'Reading the chat', tailOf(client, session.id, count));
  if (json) {
    sayJson(io, { items, next_cursor: null });
    return;
  }
  if (items.length === 0)
    say(io, session.faces.includes('chat') ? 'Nothing was said yet.' : 'It has no chat. afield logs shows what it printed.');
  const approvals = await approvalsOf(client, items);
  for (const item of items) {
    if (item.kind !== 'approval') say(io, ...itemLines(item, styleOf(io)));
    else if (approvals.has(item.approval_id)) say(io, approvalLine(approvals.get(item.approval_id) as never));
  }
}

async function follow(io: Io, home: Home, session: Session, count: number, json: boolean): Promise<void> {
  const client = await home.live();
  const { promise: over, resolve: finish, reject: fail } = Promise.withResolvers<Session | null>();
  const interrupt = signalled('SIGINT', 'SIGTERM');
  void interrupt.promise.then(() => finish(null));
  const style = styleOf(io);
  const transcript = new Transcript({
    style,
    columns: () => (io.stdout.isTTY === true ? (io.stdout.columns ?? 80) : 10_000),
    print: (lines) => say(io, ...lines),
    fetch: (item_id) => client.call('getMessage', { params: { id: session.id, item_id } }),
    isOwn: () => false,
  });
  let unfollow = (): void => {};
  try {
    client.link.start();
    await withProgress(io, 'Connecting to the home server', client.link.ready());
    unfollow = await followChat(client, session.id, count, {
      begin: (now, items, approvals, waiting) => {
        const past = (item: ChatItem) => (item.kind === 'approval' ? approvals.get(item.approval_id) : undefined);
        for (const item of items) {
          const approval = past(item);
          if (json) sayJsonLine(io, { item });
          else if (approval === undefined) transcript.show(item);
          else if (approval.state !== 'pending') transcript.aside([approvalLine(approval)]);
        }
        if (!json) for (const approval of waiting) transcript.aside(approvalCard(approval, style));
        if (ENDED.has(now.status)) finish(now);
      },
      event: (event) => {
        if (json) sayJsonLine(io, event);
        else if (event.type === 'approval.requested') transcript.aside(approvalCard(event.payload.approval, style));
        else if (event.type === 'approval.resolved') transcript.aside([approvalLine(event.payload.approval)]);
        else transcript.hear(event);
        if (event.type === 'session.deleted') finish(null);
        if (event.type === 'session.status_changed' && ENDED.has(event.payload.session.status)) finish(event.payload.session);
      },
      failed: fail,
    });
    const ended = await over;
    if (ended !== null && !json) note(io, `${printable(ended.name)}: ${endSentence(ended)}`);
  } finally {
    interrupt.stop();
    unfollow();
    client.close();
  }
}

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .argument('<session>', 'name, id or beginning of an id')
    .option('-f, --follow', 'go on as it happens, until Ctrl-C or the end of the session')
    .option('-n, --lines <count>', `how many of the newest items (${DEFAULT_COUNT})`)
    .option('--json', 'machine readable; with -f one item or event a line')
    .action(async (text: string, options: Options) => {
      const count = Number(options.lines ?? DEFAULT_COUNT);
      if (!Number.isInteger(count) || count < 1 || count > MAX_COUNT) throw new UsageError(`-n takes a number from 1 to ${MAX_COUNT}.`);
      const home = await context.home();
      const session = await findSession(home, text, io.now());
      return (options.follow ? follow : show)(io, home, session, count, options.json === true);
    });
}
