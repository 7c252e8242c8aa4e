import type { Command } from 'commander';
import { answerMeant } from './answering.ts';
import type { Given } from './chat/decide.ts';
import { answerOneByOne } from './chat/one-by-one.ts';
import type { CommandModule, Context } from './context.ts';
import { UsageError } from './exit.ts';
import { findApprovals } from './reach/approvals.ts';
import { isTerminal } from './terminal/desk.ts';

export const examples: CommandModule['examples'] = [
  ['afield approve', 'goes through all that waits, one by one'],
  ['afield approve web', 'what waits in one session; you see it first'],
  ['afield approve 019a7c31-4b2e --scope always', 'one of them, and never ask again, where the agent offers it'],
  ['afield approve web --all', 'all that wait there'],
];

const SCOPES = ['once', 'session', 'always'] as const;

interface Options {
  scope?: string;
  option?: string;
  all?: true;
  json?: true;
}

function givenBy({ scope, option }: Options): Given {
  if (option !== undefined) {
    if (scope !== undefined) throw new UsageError('Give either --scope or --option, not both.');
    return { option_id: option };
  }
  const known = SCOPES.find((one) => one === (scope ?? 'once'));
  if (known === undefined) throw new UsageError(`--scope takes ${SCOPES.join(', ')}, not "${scope}".`);
  return { decision: 'allow', scope: known };
}

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .argument('[approval]', 'an approval (beginning of its id), or a session; left out: all that wait, one by one')
    .option('--scope <scope>', `how far it reaches: ${SCOPES.join(', ')} (once)`)
    .option('--option <id>', "an option of the agent's own, by its id (afield approvals --json)")
    .option('-a, --all', 'all that wait there')
    .option('--json', 'machine readable; asks nothing')
    .addHelpText('after', '\nWhat is too long to be read, more than 64 kB, can only be denied.')
    .action(async (target: string | undefined, options: Options) => {
      const given = givenBy(options);
      const [all, json] = [options.all === true, options.json === true];
      if (target === undefined && !all) {
        if (json || !isTerminal(io.stdin, io.stderr))
          throw new UsageError('Say which: an approval, a session, or --all. afield approvals lists what waits.');
        const home = await context.home();
        return answerOneByOne(context, home, (await findApprovals(home, undefined, io.now())).found);
      }
      return answerMeant(context, { target, all, json, verb: 'approve' }, given);
    });
}
