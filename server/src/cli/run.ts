import path from 'node:path';
import { LOCAL_MACHINE } from '@afield/shared/api/base.ts';
import type { Session, SessionCreate } from '@afield/shared/api/sessions.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Command } from 'commander';
import { attachTo } from './attach.ts';
import type { CommandModule, Context } from './context.ts';
import { UsageError } from './exit.ts';
import { type Io, note, say, sayJson } from './io.ts';
import { printable, printableLines } from './print/printable.ts';
import { ensureRunning } from './reach/background.ts';
import type { Home } from './reach/home.ts';
import { findProject } from './reach/projects.ts';
import { shortIds } from './reach/resolve.ts';
import { askLine } from './terminal/ask-line.ts';
import { isTerminal, sizeOf } from './terminal/desk.ts';
import { ENV_HELP, gather, variables } from './variables.ts';

export const examples: CommandModule['examples'] = [
  ['afield run claude', 'starts claude in this directory and attaches'],
  ['afield run codex "fix the failing test" -s tests', 'gives it a message at once, and the session a name'],
  ['afield run shell --detach -- -l', 'starts a login shell and comes back at once'],
  ['afield run --project web', 'the agent of the project, in its directory'],
  ['afield run claude --machine box --model opus', 'on another machine, with a model of your choice'],
  ['afield run claude --face chat "fix the failing test"', 'as a chat: messages, tools and approvals instead of a screen'],
  ['afield run codex --face chat --model gpt-5.5 --mode read-only --budget 2', 'with a model, a mode, and no more than 2 USD'],
  ['afield run claude -- --continue', 'what stands after -- is for the program'],
];

interface Options {
  session?: string;
  cwd?: string;
  project?: string;
  machine?: string;
  model?: string;
  env?: string[];
  prompt?: string;
  face?: string;
  runtime?: string;
  mode?: string;
  /** False: none, also where the project has one. */
  environment?: string | false;
  confirm?: string;
  budget?: string;
  resume?: string;
  /** False: a terminal alone. */
  companion?: boolean;
  detach?: true;
  json?: true;
}

/** `~` is left to the home server, which knows whose it is. */
const absolute = (dir: string, cwd: string): string => (/^~(\/|$)/.test(dir) ? dir : path.resolve(cwd, dir));

async function whereTo(home: Home, options: Options, cwd: string): Promise<Pick<SessionCreate, 'cwd' | 'project_id' | 'machine'>> {
  const project = options.project === undefined ? null : await findProject(home, options.project);
  const machine = options.machine ?? project?.machine ?? LOCAL_MACHINE;
  const place = {
    ...(project === null ? {} : { project_id: project.id }),
    ...(options.machine === undefined ? {} : { machine: options.machine }),
  };
  // The directory here means nothing on another machine.
  const here = home.local && machine === LOCAL_MACHINE;
  if (options.cwd !== undefined) return { ...place, cwd: here ? absolute(options.cwd, cwd) : options.cwd };
  return project !== null || !here ? place : { ...place, cwd };
}

/** The agent may be left out where the project has one. */
function chosen(
  agent: string | undefined,
  prompt: string | undefined,
  options: Options,
): Pick<SessionCreate, 'agent' | 'prompt' | 'model'> {
  if (agent === undefined && options.project === undefined)
    throw new UsageError('Say which agent: afield run <agent>. afield agents lists them.');
  if (prompt !== undefined && options.prompt !== undefined) throw new UsageError('The message is given twice. Leave --prompt out.');
  const text = prompt ?? options.prompt;
  if (text === '') throw new UsageError('The message is empty. Leave it out to start without one.');
  return {
    ...(agent === undefined ? {} : { agent }),
    ...(text === undefined ? {} : { prompt: text }),
    ...(options.model === undefined ? {} : { model: options.model }),
  };
}

/** What a chat face and an environment take. Errors: UsageError. */
function chosenFace({ face, runtime, mode, environment, confirm, budget, resume }: Options): Partial<SessionCreate> {
  if (face !== undefined && face !== 'terminal' && face !== 'chat') throw new UsageError(`--face takes terminal or chat, not "${face}".`);
  const usd = budget === undefined ? undefined : Number(budget);
  if (usd !== undefined && !(usd > 0 && usd <= 100_000)) throw new UsageError(`--budget takes an amount in USD above 0, not "${budget}".`);
  // What a chat has, and a terminal not or not always, says which face is meant.
  const chat = mode !== undefined || resume !== undefined;
  if (mode !== undefined && face === 'terminal') throw new UsageError('--mode goes with --face chat.');
  return {
    ...(face !== undefined || chat ? { face: face ?? 'chat' } : {}),
    ...(runtime === undefined ? {} : { runtime }),
    ...(mode === undefined ? {} : { mode }),
    ...(environment === undefined ? {} : { environment: environment === false ? null : environment }),
    ...(confirm === undefined ? {} : { confirm }),
    ...(usd === undefined ? {} : { budget_usd: usd }),
    ...(resume === undefined ? {} : { resume }),
  };
}

/** An environment that is called production is asked about once more, where there is somebody to ask. */
async function createConfirmed(io: Io, home: Home, body: SessionCreate): Promise<Session> {
  try {
    return await create(home, body);
  } catch (error) {
    if (!(error instanceof AfieldError) || error.code !== 'confirmation_needed' || body.confirm !== undefined) throw error;
    const environment =
      body.environment ?? (body.project_id === undefined ? null : (await findProject(home, body.project_id)).default_environment);
    if (environment === null) throw error;
    if (!isTerminal(io.stdin, io.stderr))
      throw new AfieldError(error.code, `${error.message} Without a terminal: --confirm ${environment}`, { cause: error });
    note(io, printableLines(error.message));
    const said = await askLine(io, `Type ${printable(environment)} to start there: `);
    if (said?.trim() !== environment) throw new UsageError('Nothing was started.');
    return create(home, { ...body, confirm: environment });
  }
}

/** An error of these says more when the list of agents stands beside it. */
async function explained(home: Home, error: unknown): Promise<unknown> {
  if (!(error instanceof AfieldError) || error.code !== 'agent_unknown') return error;
  const { items } = await home.ask('Asking the home server', 'listAgents');
  const names = items.filter((agent) => agent.installed).map((agent) => printable(agent.name));
  return new AfieldError('agent_unknown', `${error.message}\nInstalled here: ${names.join(', ')}. afield agents lists all.`, {
    cause: error,
  });
}

async function create(home: Home, body: SessionCreate): Promise<Session> {
  try {
    return await home.ask(`Starting ${printable(body.agent ?? 'the agent of the project')}`, 'createSession', { body });
  } catch (error) {
    throw await explained(home, error);
  }
}

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .argument('[agent]', 'claude, codex, gemini, opencode, aider, amp, copilot, shell, or one of your own; default: that of the project')
    .argument('[prompt]', 'given to the agent as soon as it is ready')
    .usage('[options] [agent] [prompt] [-- arguments of the agent]')
    .option('-s, --session <name>', 'name of the session')
    .option('--cwd <dir>', 'directory to start in (this one)')
    .option('--project <name>', 'project to start in: its machine, directory, agent, model and variables')
    .option('--machine <name>', 'machine to start on (the home server)')
    .option('-m, --model <model>', 'model to start with')
    .option('-e, --env <NAME=value>', ENV_HELP, gather)
    .option('--prompt <text>', 'the message, where the agent is left out')
    .option('--face <face>', "terminal or chat (the project's, else terminal)")
    .option('--no-companion', 'a terminal alone: no chat beside it, and its questions are answered there')
    .option('--runtime <name>', 'what it runs in, where the agent has several ways (afield agents --json)')
    .option('--mode <mode>', "how much it may do without asking, by the agent's own name; a chat only")
    .option('--environment <name>', 'named environment of the config file (afield environments)')
    .option('--no-environment', 'none, also where the project has one')
    .option('--confirm <name>', 'the name of an environment that is called production, once more')
    .option('--budget <usd>', 'it gets no new message once it has cost so much')
    .option('--resume <id>', 'go on with a session that the agent already has, by its own id; with --face terminal in a terminal')
    .option('-d, --detach', 'do not attach')
    .option('--json', 'do not attach, and print the session as JSON')
    .action(async (agent: string | undefined, prompt: string | undefined, options: Options) => {
      const choice = { ...chosen(agent, prompt, options), ...chosenFace(options) };
      if (options.companion === false) Object.assign(choice, { companion: false });
      const home = await context.home();
      await ensureRunning(home, io);
      const body: SessionCreate = { ...choice, args: [...context.afterDashes], ...(await whereTo(home, options, io.cwd())) };
      if (options.env !== undefined) body.env = variables(options.env, io.env);
      if (options.session !== undefined) body.name = options.session;
      const terminal = isTerminal(io.stdin, io.stdout);
      if (terminal) Object.assign(body, sizeOf(io.stdout));
      const session = await createConfirmed(io, home, body);
      if (options.json) {
        sayJson(io, session);
        return;
      }
      if (options.detach || !terminal) {
        const short = shortIds([session.id]).get(session.id);
        say(io, `${short}  ${printable(session.name)}`);
        if (!options.detach) note(io, `Not attached, for this is no terminal. Attach with: afield attach ${short}`);
        return;
      }
      await attachTo(context, session, 'take');
    });
}
