import type { Command } from 'commander';
import type { CommandModule, Context } from './context.ts';
import { say, sayJson } from './io.ts';
import { printable } from './print/printable.ts';
import { findSession } from './reach/sessions.ts';

export const examples: CommandModule['examples'] = [['afield rename web "web, second try"', 'everybody sees the new name at once']];

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .argument('<session>', 'name, id or beginning of an id')
    .argument('<name>', 'the new name: one line, up to 100 characters')
    .option('--json', 'machine readable')
    .action(async (text: string, name: string, options: { json?: true }) => {
      const home = await context.home();
      const { id } = await findSession(home, text, io.now());
      const session = await home.ask('Renaming', 'updateSession', { params: { id }, body: { name } });
      if (options.json) sayJson(io, session);
      else say(io, `It is called ${printable(session.name)} now.`);
    });
}
