import type { Command } from 'commander';
import type { CommandModule, Context } from './context.ts';
import { say, sayJson } from './io.ts';
import { printable } from './print/printable.ts';
import { findSession } from './reach/sessions.ts';

export const examples: CommandModule['examples'] = [
  ['afield pin web', 'keeps it at the top of every list'],
  ['afield pin web --off', 'and no longer'],
];

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .argument('<session>', 'name, id or beginning of an id')
    .option('--off', 'take it down again')
    .option('--json', 'machine readable')
    .action(async (text: string, options: { off?: true; json?: true }) => {
      const home = await context.home();
      const { id } = await findSession(home, text, io.now());
      const session = await home.ask('Pinning', 'updateSession', { params: { id }, body: { pinned: options.off !== true } });
      if (options.json) sayJson(io, session);
      else say(io, `${printable(session.name)} is ${session.pinned ? 'pinned' : 'no longer pinned'}.`);
    });
}
