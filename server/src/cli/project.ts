import path from 'node:path';
import { LOCAL_MACHINE } from '@afield/shared/api/base.ts';
import type { Project } from '@afield/shared/api/projects.ts';
import type { Command } from 'commander';
import type { CommandModule, Context } from './context.ts';
import { UsageError } from './exit.ts';
import { type Io, say, sayJson, styleOf, tableWidth } from './io.ts';
import { since } from './print/age.ts';
import { printable } from './print/printable.ts';
import { table } from './print/table.ts';
import { findProject } from './reach/projects.ts';
import { ENV_HELP, gather, variables } from './variables.ts';

export const examples: CommandModule['examples'] = [
  ['afield project add . --name web --agent claude', 'registers this directory'],
  ['afield project add /srv/web --machine box --model opus --env API_URL', 'on another machine, with a model and a variable of its own'],
  ['afield project list', 'last used first'],
  ['afield project edit web --agent codex --no-model', 'changes what its sessions start with'],
  ['afield project remove web', 'forgets it; its files stay'],
];

interface Defaults {
  name?: string;
  /** False: it is to have none. */
  agent?: string | false;
  model?: string | false;
  face?: string | false;
  mode?: string | false;
  environment?: string | false;
  env?: string[] | false;
  json?: true;
}

/** What was said of it; the rest stays as it is, and `false` is none. */
function defaultsOf({ name, agent, model, face, mode, environment, env }: Defaults, own: Io['env']) {
  return {
    ...(name === undefined ? {} : { name }),
    ...said('default_agent', agent),
    ...said('default_model', model),
    ...said('default_face', faceOf(face)),
    ...said('default_mode', mode),
    ...said('default_environment', environment),
    ...(env === undefined ? {} : { env: env === false ? {} : variables(env, own) }),
  };
}

const said = <K extends string, V extends string>(key: K, value: V | false | undefined): Partial<Record<K, V | null>> =>
  value === undefined ? {} : ({ [key]: value === false ? null : value } as Record<K, V | null>);

function faceOf(face: string | false | undefined): 'terminal' | 'chat' | false | undefined {
  if (face === undefined || face === false || face === 'terminal' || face === 'chat') return face;
  throw new UsageError(`--face takes terminal or chat, not "${face}".`);
}

const startsWith = ({ default_agent, default_model, default_face, default_mode, default_environment }: Project): string =>
  [default_agent ?? '-', default_model, default_face, default_mode, default_environment === null ? null : `in ${default_environment}`]
    .filter((part) => part !== null)
    .join(' ');

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
  const elsewhere = projects.items.some(({ machine }) => machine !== LOCAL_MACHINE);
  const varied = projects.items.some(({ env }) => env.length > 0);
  const rows = projects.items.map((project) => [
    printable(project.name),
    ...(elsewhere ? [printable(project.machine)] : []),
    printable(project.cwd),
    printable(startsWith(project)),
    ...(varied ? [printable(project.env.join(' ')) || '-'] : []),
    project.used_at === null ? 'never' : `${since(project.used_at, io.now())} ago`,
  ]);
  const columns = [
    { title: 'NAME', cut: 'end' },
    ...(elsewhere ? [{ title: 'MACHINE' }] : []),
    { title: 'DIRECTORY', cut: 'start' },
    { title: 'AGENT' },
    ...(varied ? [{ title: 'VARIABLES', cut: 'end' } as const] : []),
    { title: 'USED' },
  ] as const;
  say(io, ...table(columns, rows, { max: tableWidth(io), head: (text) => style('quiet', text) }));
}

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .command('add')
    .description('Register a directory')
    .argument('<dir>', 'the directory')
    .option('--name <name>', 'its name (the last part of the path)')
    .option('--machine <name>', 'where it is', LOCAL_MACHINE)
    .option('--agent <agent>', 'agent that starts there when none is said')
    .option('-m, --model <model>', 'model that it starts with')
    .option('--face <face>', 'terminal or chat')
    .option('--mode <mode>', "how much its chats may do without asking, by the agent's own name")
    .option('--environment <name>', 'named environment that it starts in')
    .option('-e, --env <NAME=value>', ENV_HELP, gather)
    .option('--json', 'machine readable')
    .action(async (dir: string, options: Defaults & { machine: string }) => {
      const home = await context.home();
      const { machine } = options;
      const here = home.local && machine === LOCAL_MACHINE && !/^~(\/|$)/.test(dir);
      const body = { cwd: here ? path.resolve(io.cwd(), dir) : dir, machine, ...defaultsOf(options, io.env) };
      const project = await home.ask('Adding the project', 'createProject', { body });
      if (options.json) sayJson(io, project);
      else say(io, `${printable(project.name)} is a project now: ${printable(project.cwd)}`);
    });
  command
    .command('edit')
    .description('Change its name, or what its sessions start with')
    .argument('<project>', 'name, id or beginning of an id')
    .option('--name <name>', 'another name')
    .option('--agent <agent>', 'agent that starts there when none is said')
    .option('--no-agent', 'none')
    .option('-m, --model <model>', 'model that it starts with')
    .option('--no-model', "the agent's own")
    .option('--face <face>', 'terminal or chat')
    .option('--no-face', 'the usual one')
    .option('--mode <mode>', "how much its chats may do without asking, by the agent's own name")
    .option('--no-mode', "the agent's own")
    .option('--environment <name>', 'named environment that it starts in')
    .option('--no-environment', 'none')
    .option('-e, --env <NAME=value>', `${ENV_HELP}; these replace all that it had`, gather)
    .option('--no-env', 'no variables')
    .option('--json', 'machine readable')
    .action(async (text: string, options: Defaults) => {
      const body = defaultsOf(options, io.env);
      if (Object.keys(body).length === 0)
        throw new UsageError('Say what to change: --name, --agent, --model, --face, --mode, --environment or --env.');
      const home = await context.home();
      const { id } = await findProject(home, text);
      const project = await home.ask('Changing the project', 'updateProject', { params: { id }, body });
      if (options.json) sayJson(io, project);
      else say(io, `${printable(project.name)} is changed. Sessions that run keep what they started with.`);
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
