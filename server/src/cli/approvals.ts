import type { Approval } from '@afield/shared/api/approvals.ts';
import type { Command } from 'commander';
import type { CommandModule, Context } from './context.ts';
import { UsageError } from './exit.ts';
import { type Io, say, sayJson, styleOf, tableWidth } from './io.ts';
import { since } from './print/age.ts';
import { approvalCard, outcomeLine, titleOf } from './print/approval-card.ts';
import { exact } from './print/exact.ts';
import { printable } from './print/printable.ts';
import { table } from './print/table.ts';
import { approvalIds, listApprovals } from './reach/approvals.ts';
import { findSession } from './reach/sessions.ts';

export const examples: CommandModule['examples'] = [
  ['afield approvals', 'what waits for you, exactly as it would be executed'],
  ['afield approvals web --all', 'and what was answered in one session, by whom'],
  ['afield approvals --all -n 200 --json', 'for scripts'],
];

const DEFAULT_COUNT = 50;
const MAX_COUNT = 10_000;

function showWaiting(io: Io, approvals: readonly Approval[]): void {
  const style = styleOf(io);
  const short = approvalIds(approvals);
  for (const [i, approval] of approvals.entries()) {
    if (i > 0) say(io, '');
    const id = short.get(approval.id) as string;
    const waits = style('quiet', `  ${id}, for ${since(approval.created_at, io.now())}: afield approve ${id}, afield deny ${id}`);
    say(io, ...approvalCard(approval, style), waits);
  }
}

const stateWord = ({ state, outcome }: Approval): string => {
  if (outcome === null) return '◆ waits';
  const how = outcomeLine({ ...outcome, reason: state === 'delivered' ? null : outcome.reason }).replace(/\.$/, '');
  return { pending: '◆ ', answered: '◷ ', delivered: '✓ ', gone: '⊘ ' }[state] + how;
};

function showPast(io: Io, approvals: readonly Approval[]): void {
  const short = approvalIds(approvals);
  const rows = approvals.map((one) => [
    short.get(one.id) as string,
    since(one.created_at, io.now()),
    printable(one.session_name),
    titleOf(one),
    exact(one.ask.subject.slice(0, 200)),
    stateWord(one),
  ]);
  const columns = [
    { title: 'ID' },
    { title: 'AGE', align: 'right' },
    { title: 'SESSION', cut: 'end' },
    { title: 'ASKED', cut: 'end' },
    { title: 'WHAT', cut: 'end' },
    { title: 'ANSWER', cut: 'end' },
  ] as const;
  say(io, ...table(columns, rows, { max: tableWidth(io), head: (text) => styleOf(io)('quiet', text) }));
}

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .argument('[session]', 'only of this session: name, id or beginning of an id')
    .option('-a, --all', 'those of the past too, newest first')
    .option('-n, --lines <count>', `with --all: how many (${DEFAULT_COUNT})`)
    .option('--json', 'machine readable, as the API answers')
    .action(async (text: string | undefined, options: { all?: true; lines?: string; json?: true }) => {
      const count = Number(options.lines ?? DEFAULT_COUNT);
      if (!Number.isInteger(count) || count < 1 || count > MAX_COUNT) throw new UsageError(`-n takes a number from 1 to ${MAX_COUNT}.`);
      const home = await context.home();
      const session = text === undefined ? {} : { session_id: (await findSession(home, text, io.now())).id };
      const items = await listApprovals(home, options.all ? { ...session, all: true, count } : session);
      if (options.json) sayJson(io, { items, next_cursor: null });
      else if (items.length === 0) say(io, options.all ? 'No agent has asked anything yet.' : 'Nothing waits for you.');
      else if (options.all) showPast(io, items);
      else showWaiting(io, items);
    });
}
