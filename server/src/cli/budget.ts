import { costWords, dollars } from '@afield/shared/cost-words.ts';
import type { Command } from 'commander';
import type { CommandModule, Context } from './context.ts';
import { UsageError } from './exit.ts';
import { say, sayJson } from './io.ts';
import { printable } from './print/printable.ts';
import { findSession } from './reach/sessions.ts';

export const examples: CommandModule['examples'] = [
  ['afield budget web', 'what it cost so far, and what it may'],
  ['afield budget web 2.50', 'no new message goes to it once it has cost $2.50'],
  ['afield budget web none', 'no budget of its own'],
];

/** Null: none. Errors: UsageError. */
function amount(text: string): number | null {
  if (text === 'none') return null;
  const usd = /^\$?\d{1,6}([.,]\d{1,4})?$/.test(text) ? Number(text.replace('$', '').replace(',', '.')) : Number.NaN;
  if (usd > 0 && usd <= 100_000) return usd;
  throw new UsageError(`A budget is an amount in USD such as 2.50, at most 100000, or none; not "${text}".`);
}

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .argument('<session>', 'name, id or beginning of an id')
    .argument('[usd]', 'amount in USD, or none')
    .option('--json', 'machine readable')
    .action(async (text: string, usd: string | undefined, options: { json?: true }) => {
      const budget_usd = usd === undefined ? undefined : amount(usd);
      const home = await context.home();
      const { id, name } = await findSession(home, text, io.now());
      if (budget_usd !== undefined) await home.ask('Setting the budget', 'updateSession', { params: { id }, body: { budget_usd } });
      const usage = await home.ask('Adding up', 'getSessionUsage', { params: { id } });
      if (options.json) {
        sayJson(io, usage);
        return;
      }
      const { budget, sum } = usage;
      const may = budget === null ? 'none' : `${dollars(budget.usd)}${budget.state === 'reached' ? ', which is reached' : ''}`;
      say(io, `${printable(name)}: cost ${costWords(sum)}, budget ${may}.`);
      if (sum.unpriced_turns > 0) say(io, `${sum.unpriced_turns} of its ${sum.turns} turns have no known cost and do not count.`);
    });
}
