import type { Command } from 'commander';
import type { CommandModule, Context } from './context.ts';
import { say, sayJson } from './io.ts';
import { printable } from './print/printable.ts';
import { endSentence } from './print/status-mark.ts';
import { findSession } from './reach/sessions.ts';

export const examples: CommandModule['examples'] = [
  ['afield stop web', 'ends the agent; history and recording are kept'],
  ['afield stop web --purge', 'and deletes them'],
];

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .argument('<session>', 'name, id or beginning of an id')
    .option('--purge', 'delete its history and recording too; this cannot be undone')
    .option('--json', 'machine readable')
    .action(async (text: string, options: { purge?: true; json?: true }) => {
      const home = await context.home();
      const { id, name } = await findSession(home, text, io.now());
      const purge = options.purge === true;
      const session = await home.ask(`Stopping ${printable(name)}`, 'deleteSession', { params: { id }, query: { purge } });
      if (options.json) sayJson(io, session);
      else if (session === null) say(io, `${printable(name)} is deleted, with its history and recording.`);
      else say(io, `${printable(name)}: ${endSentence(session)}`);
    });
}
