import type { NamedEnvironment } from '@afield/shared/api/environments.ts';
import type { Command } from 'commander';
import type { CommandModule, Context } from './context.ts';
import { EXIT, Exit } from './exit.ts';
import { type Io, say, sayJson, styleOf, tableWidth } from './io.ts';
import { checkLines } from './print/checks.ts';
import { printable } from './print/printable.ts';
import { table } from './print/table.ts';

export const examples: CommandModule['examples'] = [
  ['afield environments', 'what a session may be started in'],
  ['afield environments check work', 'whether its program, server and secrets are there'],
];

/** What it brings: names only. */
function brings({ program, server_url, variables, secrets }: NamedEnvironment): string {
  const parts = [
    program ?? '',
    server_url ?? '',
    ...variables,
    ...secrets.map(({ variable, from }) => `${variable} (${from === 'variable' ? 'variable of the server' : from})`),
  ];
  return parts.filter((part) => part !== '').join(', ') || '-';
}

function list(io: Io, items: readonly NamedEnvironment[]): void {
  if (items.length === 0) {
    say(io, 'No environment. They are written in the config file: docs/guides/environments.md says how.');
    return;
  }
  const rows = items.map((one) => [
    printable(one.name),
    printable(one.agent ?? 'any'),
    one.production ? 'yes' : '',
    printable(brings(one)),
  ]);
  const style = styleOf(io);
  const production = items.some((one) => one.production);
  const columns = [
    { title: 'NAME' },
    { title: 'AGENT' },
    { title: 'PRODUCTION', paint: (text: string) => style('signal', text) },
    { title: 'BRINGS', cut: 'end' } as const,
  ];
  const shown = (cells: readonly string[]) => cells.filter((_cell, index) => production || index !== 2);
  say(
    io,
    ...table(
      columns.filter((_column, index) => production || index !== 2),
      rows.map(shown),
      { max: tableWidth(io), head: (text) => style('quiet', text) },
    ),
  );
}

async function check({ io, home: open }: Context, name: string, json: boolean): Promise<void> {
  const { environment, checks } = await (await open()).ask(`Looking at ${printable(name)}`, 'checkEnvironment', { params: { name } });
  if (json) sayJson(io, { environment, checks });
  else {
    say(io, ...checkLines(styleOf(io), checks));
    if (checks.length === 0) say(io, `${printable(name)} has nothing of its own that could be missing.`);
    if (environment.production) say(io, 'It is called production: a session in it must be confirmed by its name.');
  }
  if (checks.some(({ level }) => level === 'fault')) throw new Exit(EXIT.failed);
}

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .command('list', { isDefault: true })
    .description('List them')
    .option('--json', 'machine readable, as the API answers')
    .action(async (options: { json?: true }) => {
      const found = await (await context.home()).ask('Asking the home server', 'listEnvironments');
      if (options.json) sayJson(io, found);
      else list(io, found.items);
    });
  command
    .command('check')
    .description('Check its program, its server and its secrets')
    .argument('<name>', 'name of the environment')
    .option('--json', 'machine readable')
    .action((name: string, options: { json?: true }) => check(context, name, options.json === true));
}
