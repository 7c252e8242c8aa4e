import type { Command } from 'commander';
import type { CommandModule, Context } from './context.ts';
import { say, sayJson, styleOf, tableWidth } from './io.ts';
import { printable } from './print/printable.ts';
import { table } from './print/table.ts';

export const examples: CommandModule['examples'] = [['afield agents', 'which are installed, and how to install the others']];

export function define(command: Command, context: Context): void {
  const { io } = context;
  command.option('--json', 'machine readable, as the API answers').action(async (options: { json?: true }) => {
    const home = await context.home();
    const agents = await home.ask('Looking for agents', 'listAgents');
    if (options.json) {
      sayJson(io, agents);
      return;
    }
    const style = styleOf(io);
    const rows = agents.items.map((agent) => [
      agent.installed ? '● installed' : '⊘ missing',
      printable(agent.name),
      printable(agent.version ?? '-'),
      printable(agent.installed ? agent.title : (agent.install ?? agent.title)),
    ]);
    const paint = (text: string, row: number) => style(agents.items[row]?.installed ? 'done' : 'quiet', text);
    const columns = [
      { title: 'STATUS', paint },
      { title: 'AGENT' },
      { title: 'VERSION', cut: 'end' },
      { title: 'TITLE, OR HOW TO INSTALL IT' },
    ] as const;
    say(io, ...table(columns, rows, { max: tableWidth(io), head: (text) => style('quiet', text) }));
  });
}
