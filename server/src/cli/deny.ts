import type { Command } from 'commander';
import { answerMeant } from './answering.ts';
import type { CommandModule, Context } from './context.ts';
import { UsageError } from './exit.ts';

export const examples: CommandModule['examples'] = [
  ['afield deny web', 'what waits in one session'],
  ['afield deny web use pnpm instead', 'and tells the agent what to do instead'],
  ['afield deny 019a7c31-4b2e', 'one of them'],
  ['afield deny --all', 'everything that waits, in all sessions'],
];

export function define(command: Command, context: Context): void {
  command
    .argument('[approval]', 'an approval (beginning of its id), or a session')
    .argument('[words...]', 'told to the agent, where it takes words')
    .option('-a, --all', 'all that wait there')
    .option('--json', 'machine readable; asks nothing')
    .action(async (target: string | undefined, words: string[], options: { all?: true; json?: true }) => {
      if (target === undefined && !options.all)
        throw new UsageError('Say which: an approval, a session, or --all. afield approvals lists what waits.');
      const text = words.join(' ').trim();
      const given = { decision: 'deny' as const, ...(text === '' ? {} : { text }) };
      await answerMeant(context, { target, all: options.all === true, json: options.json === true, verb: 'deny' }, given);
    });
}
