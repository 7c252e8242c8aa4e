import type { Command } from 'commander';
import { attachTo } from './attach.ts';
import type { CommandModule, Context } from './context.ts';
import { say, sayJson } from './io.ts';
import { printable } from './print/printable.ts';
import { statusWord } from './print/status-mark.ts';
import { findSession } from './reach/sessions.ts';
import { isTerminal } from './terminal/desk.ts';

export const examples: CommandModule['examples'] = [
  ['afield resume web', 'goes on with a chat that has ended, with all that it knows'],
  ['afield resume web --detach', 'without attaching'],
];

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .argument('<session>', 'a chat that has ended: name, id or beginning of an id')
    .option('-d, --detach', 'do not attach')
    .option('--json', 'do not attach, and print the session as JSON')
    .action(async (text: string, options: { detach?: true; json?: true }) => {
      const home = await context.home();
      const { id, name } = await findSession(home, text, io.now());
      const session = await home.ask(`Starting ${printable(name)} again`, 'resumeSession', { params: { id } });
      if (options.json) sayJson(io, session);
      else if (options.detach || !isTerminal(io.stdin, io.stdout)) say(io, `${printable(session.name)}: ${statusWord(session)}`);
      else await attachTo(context, session, 'take', 'chat');
    });
}
