import { uuidv7 } from '@afield/shared/client/uuid.ts';
import type { Command } from 'commander';
import { attachTo } from './attach.ts';
import type { CommandModule, Context } from './context.ts';
import { say, sayJson } from './io.ts';
import { printable } from './print/printable.ts';
import { findSession } from './reach/sessions.ts';
import { isTerminal } from './terminal/desk.ts';

export const examples: CommandModule['examples'] = [
  ['afield fork web', 'a new session that knows all that this one knows'],
  ['afield fork web -s other --detach', 'with a name, without attaching'],
];

interface Options {
  session?: string;
  detach?: true;
  json?: true;
}

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .argument('<session>', 'name, id or beginning of an id')
    .option('-s, --session <name>', 'name of the new session')
    .option('-d, --detach', 'do not attach')
    .option('--json', 'do not attach, and print the new session as JSON')
    .action(async (text: string, options: Options) => {
      const home = await context.home();
      const { id, name } = await findSession(home, text, io.now());
      const body = { id: uuidv7(), ...(options.session === undefined ? {} : { name: options.session }) };
      const fork = await home.ask(`Forking ${printable(name)}`, 'forkSession', { params: { id }, body });
      if (options.json) sayJson(io, fork);
      else if (options.detach || !isTerminal(io.stdin, io.stdout)) say(io, `${fork.id.slice(0, 13)}  ${printable(fork.name)}`);
      else await attachTo(context, fork, 'take');
    });
}
