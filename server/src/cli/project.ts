import path from 'node:path';
import type { Command } from 'commander';
import type { CommandModule, Context } from './context.ts';
import { say, sayJson, styleOf, tableWidth } from './io.ts';
import { since } from './print/age.ts';
import { printable } from './print/printable.ts';
import { table } from './print/table.ts';
import { findProject } from './reach/projects.ts';

export const examples: CommandModule['examples'] = [
  ['afield project add . --name web --agent claude', 'registers this directory'],
  ['afield project list', 'last used first'],
  ['afield project remove web', 'forgets it; its files stay'],
];

async function list({ io, home: open }: Context, json: boolean): Promise<void> {
  const projects = await (await open()).ask('Asking the home server', 'listProjects');
  if (json) {
    sayJson(io, projects);
    return;
  }
  if (projects.items.length === 0) {
    say(io, 'No project yet. Add one with afield project add <directory>.');
    return;
  }
  const style = styleOf(io);
  const rows = projects.items.map((project) => [
    printable(project.name),
    printable(project.cwd),
    printable(project.default_agent ?? '-'),
    project.used_at === null ? 'never' : `${since(project.used_at, io.now())} ago`,
  ]);
  const columns = [{ title: 'NAME', cut: 'end' }, { title: 'DIRECTORY', cut: 'start' }, { title: 'AGENT' }, { title: 'USED' }] as const;
  say(io, ...table(columns, rows, { max: tableWidth(io), head: (text) => style('quiet', text) }));
}

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .command('add')
    .description('Register a directory')
    .argument('<dir>', 'the directory')
    .option('--name <name>', 'its name (the last part of the path)')
    .option('--agent <agent>', 'agent that starts there when none is said')
    .option('--json', 'machine readable')
    .action(async (dir: string, options: { name?: string; agent?: string; json?: true }) => {
      const home = await context.home();
      const cwd = /^~(\/|$)/.test(dir) || !home.local ? dir : path.resolve(io.cwd(), dir);
      const body = { cwd, default_agent: options.agent ?? null, ...(options.name === undefined ? {} : { name: options.name }) };
      const project = await home.ask('Adding the project', 'createProject', { body });
      if (options.json) sayJson(io, project);
      else say(io, `${printable(project.name)} is a project now: ${printable(project.cwd)}`);
    });
  command
    .command('list', { isDefault: true })
    .description('List the projects, last used first')
    .option('--json', 'machine readable, as the API answers')
    .action((options: { json?: true }) => list(context, options.json === true));
  command
    .command('remove')
    .description('Forget a project; its files stay')
    .argument('<project>', 'name, id or beginning of an id')
    .action(async (text: string) => {
      const home = await context.home();
      const project = await findProject(home, text);
      await home.ask('Removing the project', 'deleteProject', { params: { id: project.id } });
      say(io, `${printable(project.name)} is forgotten. Its files in ${printable(project.cwd)} stay as they are.`);
    });
}
