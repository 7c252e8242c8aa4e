import { ENDED, type Session } from '@afield/shared/api/sessions.ts';
import type { Command } from 'commander';
import type { CommandModule, Context } from './context.ts';
import { UsageError } from './exit.ts';
import { say, sayJson } from './io.ts';
import { printable } from './print/printable.ts';
import type { Home } from './reach/home.ts';
import { allSessions, findSession } from './reach/sessions.ts';

export const examples: CommandModule['examples'] = [
  ['afield archive web', 'out of the lists; its history is kept, and it goes on when it runs'],
  ['afield archive --ended', 'all that are over'],
  ['afield archive web --off', 'back into the lists'],
];

interface Options {
  ended?: true;
  off?: true;
  json?: true;
}

async function meant(home: Home, texts: readonly string[], { ended, off }: Options, now: number): Promise<Session[]> {
  if (ended === undefined) return Promise.all(texts.map((text) => findSession(home, text, now)));
  if (texts.length > 0 || off) throw new UsageError('--ended means all that are over: name none, and leave --off out.');
  return (await allSessions(home)).filter(({ status }) => ENDED.has(status));
}

function sentence(sessions: readonly Session[], off: boolean): string {
  const what = off ? 'no longer archived' : 'archived';
  const [first] = sessions;
  if (first === undefined) return 'There is nothing to archive.';
  if (sessions.length > 1) return `${sessions.length} sessions are ${what}.`;
  const runs = !off && !ENDED.has(first.status) ? ' It still runs: afield stop ends it.' : '';
  return `${printable(first.name)} is ${what}.${runs}`;
}

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .argument('[sessions...]', 'name, id or beginning of an id')
    .option('--ended', 'all sessions that are over')
    .option('--off', 'bring them back into the lists')
    .option('--json', 'machine readable')
    .action(async (texts: string[], options: Options) => {
      if (texts.length === 0 && !options.ended) throw new UsageError('Say which session, or --ended for all that are over.');
      const home = await context.home();
      const archived = options.off !== true;
      const changed: Session[] = [];
      for (const { id } of await meant(home, texts, options, io.now())) {
        changed.push(await home.ask('Archiving', 'updateSession', { params: { id }, body: { archived } }));
      }
      if (options.json) sayJson(io, { items: changed, next_cursor: null });
      else say(io, sentence(changed, !archived));
    });
}
