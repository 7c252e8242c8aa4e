import type { Command } from 'commander';
import { loadConfig, publicConfig } from '../config.ts';
import type { CommandModule, Context } from './context.ts';
import { note, say, sayJson, styleOf, tableWidth } from './io.ts';
import { printable } from './print/printable.ts';
import { table } from './print/table.ts';

export const examples: CommandModule['examples'] = [
  ['afield config', 'every setting, and where it comes from'],
  ['afield config show --json', 'for scripts'],
];

async function show({ io, home: open }: Context, json: boolean): Promise<void> {
  const home = await open();
  const running = home.elsewhere || home.state !== null;
  const { config, sources } = running ? await home.ask('Asking the home server', 'getConfig') : publicConfig(await loadConfig());
  if (json) {
    sayJson(io, { config, sources });
    return;
  }
  const style = styleOf(io);
  const rows = Object.entries(config).map(([name, value]) => [
    printable(name),
    printable(typeof value === 'string' ? value : JSON.stringify(value)),
    printable(sources[name] ?? '-'),
  ]);
  const columns = [{ title: 'SETTING' }, { title: 'VALUE', cut: 'end' }, { title: 'FROM', cut: 'start' }] as const;
  say(io, ...table(columns, rows, { max: tableWidth(io), head: (text) => style('quiet', text) }));
  if (!running) note(io, 'The home server does not run: these are the settings it would start with.');
}

export function define(command: Command, context: Context): void {
  command
    .command('show', { isDefault: true })
    .description('Show the settings that are in effect')
    .option('--json', 'machine readable')
    .action((options: { json?: true }) => show(context, options.json === true));
}
