import type { HistorySize, Pruned } from '@afield/shared/api/history.ts';
import type { Command } from 'commander';
import type { CommandModule, Context } from './context.ts';
import { UsageError } from './exit.ts';
import { type Io, say, sayJson, styleOf, tableWidth } from './io.ts';
import { parseSize, since, size } from './print/age.ts';
import { printable } from './print/printable.ts';
import { table } from './print/table.ts';

export const examples: CommandModule['examples'] = [
  ['afield history', 'how much is kept, and for how long'],
  ['afield history prune', 'what would be deleted now; deletes nothing'],
  ['afield history prune --days 30 --yes', 'deletes what ended more than 30 days ago'],
  ['afield history prune --days 0 --bytes 5GiB --yes', 'deletes the oldest until 5 GiB are kept, however young'],
];

interface PruneOptions {
  days?: string;
  bytes?: string;
  yes?: true;
  json?: true;
}

function showSize(io: Io, { sessions, entries, recordings_bytes, database_bytes, oldest_at, retention }: HistorySize): void {
  const bounds = [
    retention.days === 0 ? null : `${retention.days} days after the end of a session`,
    retention.bytes === 0 ? null : `while there is less than ${size(retention.bytes)}`,
  ].filter((bound) => bound !== null);
  const rows = [
    ['sessions', String(sessions)],
    ['recordings', size(recordings_bytes)],
    ['log', `${entries} entries; the database takes ${size(database_bytes)}`],
    ['oldest entry', oldest_at === null ? 'none yet' : `${since(oldest_at, io.now())} old`],
    ['kept', bounds.length === 0 ? 'for ever' : bounds.join(', ')],
  ] as const;
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, value] of rows) say(io, `${styleOf(io)('quiet', name.padEnd(width))}  ${value}`);
}

function showPruned(io: Io, { dry_run, sessions, recordings, entries, freed_bytes, items }: Pruned): void {
  if (items.length === 0) {
    say(io, 'Nothing is older or larger than what is kept.');
    return;
  }
  const rows = items.map((item) => [
    printable(item.name),
    item.what === 'session' ? 'all of it' : 'recording only',
    item.ended_at === null ? '-' : `${since(item.ended_at, io.now())} ago`,
    size(item.bytes),
  ]);
  const columns = [{ title: 'SESSION', cut: 'end' }, { title: 'WHAT' }, { title: 'ENDED' }, { title: 'SIZE', align: 'right' }] as const;
  say(io, ...table(columns, rows, { max: tableWidth(io), head: (text) => styleOf(io)('quiet', text) }));
  const more = sessions + recordings - items.length;
  if (more > 0) say(io, `… and ${more} more.`);
  const what = [
    sessions === 0 ? null : `${sessions} ${sessions === 1 ? 'session' : 'sessions'} with ${entries} log entries`,
    recordings === 0 ? null : `${recordings} ${recordings === 1 ? 'recording' : 'recordings'}`,
  ].filter((part) => part !== null);
  say(io, `${dry_run ? 'Would be deleted' : 'Deleted'}: ${what.join(' and ')}, about ${size(freed_bytes)}.`);
  if (dry_run) say(io, 'Nothing was deleted. To delete: the same with --yes. To keep a session: pin it.');
}

async function prune({ io, home: open }: Context, { days, bytes, yes, json }: PruneOptions): Promise<void> {
  const body: { dry_run: boolean; days?: number; bytes?: number } = { dry_run: yes !== true };
  if (days !== undefined) {
    if (!/^\d{1,5}$/.test(days)) throw new UsageError(`--days takes a number of days, 0 for any age, not "${days}".`);
    body.days = Number(days);
  }
  if (bytes !== undefined) {
    const parsed = parseSize(bytes);
    if (parsed === null) throw new UsageError(`--bytes takes a size such as 500MB or 5GiB, 0 for any, not "${bytes}".`);
    body.bytes = parsed;
  }
  const home = await open();
  const pruned = await home.ask(yes === true ? 'Deleting' : 'Looking what would go', 'pruneHistory', { body });
  if (json) sayJson(io, pruned);
  else showPruned(io, pruned);
}

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .command('show', { isDefault: true })
    .description('Show how much is kept, and for how long')
    .option('--json', 'machine readable')
    .action(async (options: { json?: true }) => {
      const found = await (await context.home()).ask('Adding up', 'getHistory');
      if (options.json) sayJson(io, found);
      else showSize(io, found);
    });
  command
    .command('prune')
    .description('Tell what would be deleted by age and size; with --yes delete it')
    .option('--days <days>', 'sessions that ended earlier than so many days ago (the setting history_days)')
    .option('--bytes <size>', 'until recordings and database take less than this (the setting history_bytes)')
    .option('-y, --yes', 'delete')
    .option('--json', 'machine readable')
    .action((options: PruneOptions) => prune(context, options));
}
