import type { Command } from 'commander';
import type { CommandModule, Context } from './context.ts';
import { say, sayJson } from './io.ts';
import { printable } from './print/printable.ts';
import { endSentence } from './print/status-mark.ts';
import { findSession } from './reach/sessions.ts';

export const examples: CommandModule['examples'] = [['afield release web', 'its program goes on in your own tmux; its history is kept']];

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .argument('<session>', 'name, id or beginning of an id of an adopted session')
    .option('--json', 'machine readable')
    .action(async (text: string, options: { json?: true }) => {
      const home = await context.home();
      const { id, name } = await findSession(home, text, io.now());
      const session = await home.ask(`Releasing ${printable(name)}`, 'deleteSession', { params: { id }, query: { release: true } });
      if (options.json) sayJson(io, session);
      else if (session !== null) say(io, `${printable(name)}: ${endSentence(session)}`);
    });
}
