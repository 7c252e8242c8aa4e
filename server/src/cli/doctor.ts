import type { Check } from '@afield/shared/api/system.ts';
import type { Api } from '@afield/shared/api.ts';
import type { Received } from '@afield/shared/route.ts';
import type { Command } from 'commander';
import type { CommandModule, Context } from './context.ts';
import { EXIT, Exit, UnreachableError, UsageError } from './exit.ts';
import { say, sayJson, styleOf, tableWidth } from './io.ts';
import { checkLines } from './print/checks.ts';
import { printable } from './print/printable.ts';
import { table } from './print/table.ts';
import { confirm } from './server-sessions.ts';

export const examples: CommandModule['examples'] = [
  ['afield doctor', 'exit code 1 when there is a fault'],
  ['afield doctor --reap', 'shows programs that sessions left behind, and asks before it ends them'],
];

interface Options {
  reap?: true;
  yes?: true;
  json?: true;
}
type Strays = Received<Api['reapStrays']>['items'];

/** What can be said without a server. */
function unreachable(error: UnreachableError): Check {
  return { name: 'home server', ok: false, level: 'fault', detail: error.message, fix: 'afield serve' };
}

async function checks({ home: open, io }: Context): Promise<Check[]> {
  const home = await open();
  const warnings = home.config.warnings.map(
    (detail): Check => ({ name: 'settings', ok: false, level: 'warning', detail, fix: 'afield config shows which settings there are' }),
  );
  try {
    return [...(await home.ask('Checking this machine', 'getDoctor')).checks, ...(io && !home.elsewhere ? warnings : [])];
  } catch (error) {
    if (error instanceof UnreachableError) return [unreachable(error), ...warnings];
    throw error;
  }
}

function sayStrays({ io }: Context, strays: Strays): void {
  const rows = strays.map((one) => [
    String(one.pid),
    printable(one.machine),
    printable(one.command),
    one.session_id === null ? '-' : one.session_id.slice(0, 8),
  ]);
  const columns = [
    { title: 'PROCESS', align: 'right' },
    { title: 'MACHINE' },
    { title: 'PROGRAM', cut: 'end' },
    { title: 'SESSION' },
  ] as const;
  say(io, ...table(columns, rows, { max: tableWidth(io), head: (text) => styleOf(io)('quiet', text) }));
}

/** Shows them first, and ends them only when somebody said so. */
async function reap(context: Context, { yes, json }: Options): Promise<void> {
  const { io } = context;
  const home = await context.home();
  const look = (dry_run: boolean) =>
    home.ask(dry_run ? 'Looking for programs left over' : 'Ending programs left over', 'reapStrays', { body: { dry_run } });
  const found = await look(true);
  if (json) {
    sayJson(io, yes ? await look(false) : found);
    return;
  }
  const count = found.items.length;
  if (count === 0) {
    say(io, 'No program is left over.');
    return;
  }
  sayStrays(context, found.items);
  const what = `${count} program${count === 1 ? ' belongs' : 's belong'} to no session that runs.`;
  if (!yes) await confirm(io, what, { question: 'End them?', otherwise: 'Say --yes to end them.' });
  const { items } = await look(false);
  say(io, `${items.length} ended.`);
}

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .option('--reap', 'show programs that belong to no session any more, and end them')
    .option('--yes', 'with --reap: do not ask')
    .option('--json', 'machine readable')
    .action(async (options: Options) => {
      if (options.reap) return reap(context, options);
      if (options.yes) throw new UsageError('--yes goes with --reap.');
      const all = await checks(context);
      const faults = all.filter((check) => check.level === 'fault').length;
      const warnings = all.filter((check) => check.level === 'warning').length;
      if (options.json) sayJson(io, { checks: all });
      else {
        say(io, ...checkLines(styleOf(io), all));
        const count = (number: number, word: string) => `${number} ${word}${number === 1 ? '' : 's'}`;
        say(io, '', faults + warnings === 0 ? 'All is well.' : `${count(faults, 'fault')}, ${count(warnings, 'warning')}.`);
      }
      if (faults > 0) throw new Exit(EXIT.failed);
    });
}
