/** Checks a request for a session and works out what it means, before anything is written or started. */
import { basename } from 'node:path';
import { LOCAL_MACHINE } from '@afield/shared/api/base.ts';
import type { SessionCreate } from '@afield/shared/api/sessions.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { programOf, wayOf } from '../chat/launch.ts';
import { timestamp } from '../clock.ts';
import type { SessionDeps } from '../deps.ts';
import { type SessionInput, withDefaults } from '../environments/project-defaults.ts';
import type { Command, Machine, TerminalRuntime } from '../machine-ports.ts';
import type { ProjectRow, PromptRow, Recipe, SessionRow } from '../ports.ts';
import { cleanPrompt } from '../prompts/prompt-text.ts';
import { machineOf, notInstalled, recipeOf } from '../recipe-of.ts';
import { type GoOn, goOnArgs } from './go-on.ts';
import { untouched } from './untouched.ts';

const NAME_CHARACTERS = 100;

interface Planned {
  recipe: Recipe;
  row: SessionRow;
  prompt: PromptRow | null;
  /** Variables that were given for it alone. */
  env: Record<string, string> | undefined;
}
export interface TerminalPlan extends Planned {
  face: 'terminal';
  command: Command;
  runtime: TerminalRuntime;
  /** It may get a chat face beside its terminal. */
  heard: boolean;
}
export interface ChatPlan extends Planned {
  face: 'chat';
}

/** `goOn`: what its terminal begins with. Errors: agent_unknown, agent_not_installed, project_not_found, machine_not_found, machine_unreachable, cwd_missing, bad_request, not_supported. */
export async function planSession(
  deps: SessionDeps,
  id: string,
  given: SessionCreate,
  goOn = resumed(given),
): Promise<TerminalPlan | ChatPlan> {
  const project = projectOn(deps, given.project_id, given.machine);
  const recipe = recipeOf(deps, agentOf(given, project));
  const input = withDefaults(given, project, recipe, deps.environments);
  const machine = machineOf(deps, input.machine ?? project?.machine ?? LOCAL_MACHINE);
  const named = await environmentOf(deps, recipe, input);
  const chat = input.face === 'chat' ? wayOf(deps, recipe, input.runtime) : null;
  const program = programOf(recipe, chat?.way ?? null, named.program);
  const file = await machine.which(program);
  if (file === null) throw notInstalled(recipe, program, machine);
  const elsewhere = machine.name === LOCAL_MACHINE ? deps.workDir : '~';
  const cwd = await machine.directory(input.cwd ?? project?.cwd ?? elsewhere);
  const model = input.model ?? project?.default_model ?? null;
  const runtime = chat === null ? await terminalRuntime(deps, recipe, machine, input) : null;
  const row = newRow(deps, {
    id,
    name: input.name ?? defaultName(recipe.name, basename(cwd)),
    recipe,
    machine: machine.name,
    project_id: project?.id ?? null,
    cwd,
    model,
    runtime: runtime?.name ?? chat?.way.runtime ?? '',
    args: input.args ?? [],
    cols: input.cols ?? 80,
    rows: input.rows ?? 24,
  });
  Object.assign(row, {
    faces: [chat === null ? 'terminal' : 'chat'],
    mode: input.mode ?? null,
    environment: input.environment ?? null,
    production: named.production,
    budget_usd: input.budget_usd ?? null,
    agent_session_id: input.resume ?? null,
  });
  const prompt = promptOf(deps, row, input.prompt);
  if (runtime === null) return { face: 'chat', recipe, row, prompt, env: input.env };
  const env = machine.environment({ id }, { ...recipe.env, ...project?.env, ...named.env, ...input.env }, recipe.passEnv);
  const command = { session_id: id, file, args: argsOf(recipe, goOn, row), cwd, env };
  const heard = input.companion !== false;
  return { face: 'terminal', recipe, row, prompt, env: input.env, command: await machine.wrap(command), runtime, heard };
}

const resumed = ({ resume }: SessionCreate): GoOn | null => (resume === undefined ? null : { id: resume, fork: false });

/** Errors: environment_unknown, not_supported, confirmation_needed, unavailable. */
async function environmentOf(deps: SessionDeps, recipe: Recipe, { environment, confirm }: SessionInput) {
  if (environment === undefined) return { program: null, env: {}, production: false };
  return deps.environments.resolve(environment, { agent: recipe.name, confirm });
}

/** Errors: machine_unreachable; bad_request for a mode, which only a chat has; not_supported for another runtime than there is. */
async function terminalRuntime(deps: SessionDeps, recipe: Recipe, machine: Machine, input: SessionInput): Promise<TerminalRuntime> {
  if (input.mode !== undefined) throw new AfieldError('bad_request', 'A mode can be chosen only with a chat face.');
  const runtime = await deps.machines.runtime(machine.name);
  if (input.runtime === undefined || input.runtime === runtime.name) return runtime;
  throw new AfieldError('not_supported', `With a terminal ${recipe.title} runs in ${runtime.name} there, not in "${input.runtime}".`);
}

/** Errors: those of `goOnArgs` and `modelArgs`. */
function argsOf(recipe: Recipe, goOn: GoOn | null, { model, args }: SessionRow): string[] {
  return [...recipe.args, ...(goOn === null ? [] : goOnArgs(recipe, goOn)), ...modelArgs(recipe, model), ...args];
}

/** Errors: bad_request for a model that cannot be chosen. */
function modelArgs(recipe: Recipe, model: string | null): string[] {
  if (model === null) return [];
  if (recipe.modelOption !== undefined) return [recipe.modelOption, model];
  throw new AfieldError('bad_request', `${recipe.title} takes no model when it starts. Leave the model out.`);
}

/** Errors: bad_request when neither says which. */
function agentOf({ agent }: SessionCreate, project: ProjectRow | null): string {
  const name = agent ?? project?.default_agent;
  if (name !== undefined && name !== null) return name;
  throw new AfieldError(
    'bad_request',
    project === null
      ? 'Say which agent is to start, or a project that has one of its own.'
      : `The project "${project.name}" has no agent of its own: say which is to start.`,
  );
}

/** The project meant, which must be on that machine. Errors: project_not_found, bad_request. */
export function projectOn(deps: SessionDeps, id: string | undefined, machine: string | undefined): ProjectRow | null {
  if (id === undefined) return null;
  const project = deps.store.projects.get(id);
  if (project === null) throw new AfieldError('project_not_found', `There is no project ${id}. It may have been deleted.`);
  if (machine === undefined || machine === project.machine) return project;
  throw new AfieldError('bad_request', `The project "${project.name}" is on the machine "${project.machine}", not on "${machine}".`);
}

type Given = Pick<SessionRow, 'id' | 'name' | 'machine' | 'project_id' | 'cwd' | 'model' | 'runtime' | 'args' | 'cols' | 'rows'>;

export function newRow(deps: SessionDeps, { recipe, args, ...planned }: Given & { recipe: Recipe }): SessionRow {
  return {
    ...planned,
    ...untouched(timestamp(deps.clock)),
    agent: recipe.name,
    faces: ['terminal'],
    args: [...args],
    title: null,
    mode: null,
    environment: null,
    production: false,
    budget_usd: null,
    start_tree: null,
    adopted: null,
  };
}

function promptOf(deps: SessionDeps, row: SessionRow, content = ''): PromptRow | null {
  if (cleanPrompt(content) === '') return null;
  return {
    id: deps.newId(),
    session_id: row.id,
    content,
    attachments: [],
    place: 0,
    tree: null,
    state: 'home',
    reason: null,
    created_at: row.created_at,
  };
}

/** Short, typed easily at the command line: `claude-repo`. */
export function defaultName(agent: string, folder: string): string {
  const place = folder.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '');
  return (place === '' ? agent : `${agent}-${place}`).slice(0, NAME_CHARACTERS).trim();
}
