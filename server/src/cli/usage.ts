import type { DayBudget, UsageSum, usage } from '@afield/shared/api/usage.ts';
import { costWords, dollars, tokenWords, unpricedWords } from '@afield/shared/cost-words.ts';
import type { Received } from '@afield/shared/route.ts';
import type { Command } from 'commander';
import type { CommandModule, Context } from './context.ts';
import { UsageError } from './exit.ts';
import { type Io, say, sayJson, styleOf, tableWidth } from './io.ts';
import { printable } from './print/printable.ts';
import { table } from './print/table.ts';

export const examples: CommandModule['examples'] = [
  ['afield usage', 'what the last 30 days cost, day by day'],
  ['afield usage --by session --from 2026-11-01', 'since then, the dearest session first'],
  ['afield usage --by model --json', 'for a program'],
];

const KINDS = ['day', 'model', 'agent', 'project', 'session'] as const;
type Kind = (typeof KINDS)[number];
type Usage = Received<(typeof usage)['getUsage']>;

interface Options {
  by: string;
  from?: string;
  to?: string;
  json?: true;
}

/** Of what has no name: nobody knows the model, it is in no project, it was deleted. */
const NAMELESS: Record<Kind, (key: string) => string> = {
  day: (key) => key,
  model: (key) => (key === '' ? '(model not told)' : key),
  agent: (key) => key,
  project: (key) => (key === '' ? '(no project)' : `(deleted) ${key.slice(0, 8)}`),
  session: (key) => `(deleted) ${key.slice(0, 8)}`,
};

const row = (name: string, sum: UsageSum): string[] => [
  printable(name),
  costWords(sum),
  String(sum.turns),
  tokenWords(sum.input_tokens),
  tokenWords(sum.cached_tokens),
  tokenWords(sum.output_tokens),
  sum.unpriced_turns === 0 ? '' : `${sum.unpriced_turns}`,
];

function show(io: Io, by: Kind, { from, to, items, total, day_budget }: Usage): void {
  if (items.length === 0) {
    say(io, `No agent told of any use from ${from} to ${to} (UTC). Only those with a chat face tell.`);
  } else {
    const rows = items.map(({ key, name, sum }) => row(name ?? NAMELESS[by](key), sum));
    const right = { align: 'right' } as const;
    const columns = [
      { title: by.toUpperCase(), cut: 'end', min: 10 } as const,
      { title: 'COST', ...right },
      { title: 'TURNS', ...right },
      { title: 'INPUT', ...right },
      { title: 'CACHED', ...right },
      { title: 'OUTPUT', ...right },
      { title: 'UNPRICED', ...right },
    ];
    const shown = total.unpriced_turns === 0 ? columns.length - 1 : columns.length;
    const all = [...rows, row('total', total)].map((cells) => cells.slice(0, shown));
    say(io, ...table(columns.slice(0, shown), all, { max: tableWidth(io), head: (text) => styleOf(io)('quiet', text) }));
    if (total.unpriced_turns > 0) say(io, `${unpricedWords(total)}: not in the sums. Set their models under prices in the config file.`);
  }
  if (day_budget !== null) say(io, dayLine(day_budget));
}

function dayLine({ usd, spent_usd, state }: DayBudget): string {
  const spent = `Today: ${dollars(spent_usd)} of ${dollars(usd)}`;
  return state === 'reached' ? `${spent}. Budget reached: no new message goes to an agent before 00:00 UTC.` : `${spent}.`;
}

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .option('--by <kind>', `sums for each ${KINDS.join(', ')}`, 'day')
    .option('--from <day>', 'first day, UTC, such as 2026-11-01 (30 days before the last)')
    .option('--to <day>', 'last day, UTC (today)')
    .option('--json', 'machine readable, as the API answers')
    .action(async ({ by, from, to, json }: Options) => {
      const kind = KINDS.find((one) => one === by);
      if (kind === undefined) throw new UsageError(`--by takes ${KINDS.join(', ')}, not "${by}".`);
      const query = { by: kind, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
      const found = await (await context.home()).ask('Adding up', 'getUsage', { query });
      if (json) sayJson(io, found);
      else show(io, kind, found);
    });
}
