/** Checks a request for a session and works out what it means, before anything is written or started. */
import { basename } from 'node:path';
import { LOCAL_MACHINE } from '@afield/shared/api/base.ts';
import type { SessionCreate } from '@afield/shared/api/sessions.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { timestamp } from './clock.ts';
import type { SessionDeps } from './deps.ts';
import type { Command, Machine, TerminalRuntime } from './machine-ports.ts';
import type { ProjectRow, PromptRow, Recipe, SessionRow } from './ports.ts';
import { cleanPrompt } from './prompt-text.ts';

const NAME_CHARACTERS = 100;

export interface SessionPlan {
  recipe: Recipe;
  project: ProjectRow | null;
  row: SessionRow;
  prompt: PromptRow | null;
  command: Command;
  runtime: TerminalRuntime;
}

/** Errors: agent_unknown, agent_not_installed, project_not_found, machine_not_found, machine_unreachable, cwd_missing, bad_request. */
export async function planSession(deps: SessionDeps, id: string, input: SessionCreate): Promise<SessionPlan> {
  const project = projectOn(deps, input.project_id, input.machine);
  const recipe = recipeOf(deps, agentOf(input, project));
  const machine = machineOf(deps, input.machine ?? project?.machine ?? LOCAL_MACHINE);
  const file = await machine.which(recipe.program);
  if (file === null) throw notInstalled(recipe, machine);
  const elsewhere = machine.name === LOCAL_MACHINE ? deps.workDir : '~';
  const cwd = await machine.directory(input.cwd ?? project?.cwd ?? elsewhere);
  const model = input.model ?? project?.default_model ?? null;
  const runtime = await deps.machines.runtime(machine.name);
  const row = newRow(deps, {
    id,
    name: input.name ?? defaultName(recipe.name, basename(cwd)),
    recipe,
    machine: machine.name,
    project_id: project?.id ?? null,
    cwd,
    model,
    runtime: runtime.name,
    args: input.args ?? [],
    cols: input.cols ?? 80,
    rows: input.rows ?? 24,
  });
  const env = machine.environment({ id }, { ...recipe.env, ...project?.env, ...input.env }, recipe.passEnv);
  const command = { session_id: id, file, args: [...recipe.args, ...modelArgs(recipe, model), ...row.args], cwd, env };
  return { recipe, project, row, prompt: promptOf(deps, row, input.prompt), command: await machine.wrap(command), runtime };
}

/** Errors: machine_not_found. */
export function machineOf(deps: Pick<SessionDeps, 'machines'>, name: string): Machine {
  const machine = deps.machines.get(name);
  if (machine !== null) return machine;
  const known = deps.machines.list().map((m) => m.name);
  throw new AfieldError('machine_not_found', `There is no machine called "${name}". Known: ${known.join(', ')}.`);
}

/** Errors: bad_request for a model that cannot be chosen. */
function modelArgs(recipe: Recipe, model: string | null): string[] {
  if (model === null) return [];
  if (recipe.modelOption !== undefined) return [recipe.modelOption, model];
  throw new AfieldError('bad_request', `${recipe.title} takes no model when it starts. Leave the model out.`);
}

/** Errors: agent_unknown. */
export function recipeOf(deps: SessionDeps, agent: string): Recipe {
  const recipe = deps.recipes.get(agent);
  if (recipe !== null) return recipe;
  const known = deps.recipes.list().map((r) => r.name);
  throw new AfieldError('agent_unknown', `There is no agent called "${agent}". Known: ${known.join(', ')}.`);
}

function notInstalled({ title, program, install }: Recipe, machine: Machine): AfieldError {
  const how = install === null ? 'Install it, or correct its command in the config file.' : `To install it: ${install}`;
  return new AfieldError(
    'agent_not_installed',
    `${title} is not installed${machine.name === LOCAL_MACHINE ? '' : ` on ${machine.name}`}: there is no program "${program}". ${how}`,
  );
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

type Planned = Pick<SessionRow, 'id' | 'name' | 'machine' | 'project_id' | 'cwd' | 'model' | 'runtime' | 'args' | 'cols' | 'rows'>;

export function newRow(deps: SessionDeps, { recipe, args, ...planned }: Planned & { recipe: Recipe }): SessionRow {
  const now = timestamp(deps.clock);
  return {
    ...planned,
    agent: recipe.name,
    faces: ['terminal'],
    args: [...args],
    status: 'starting',
    status_reason: null,
    activity: null,
    title: null,
    pid: null,
    exit_code: null,
    output_bytes: 0,
    recovered_bytes: 0,
    mode: null,
    environment: null,
    production: false,
    agent_session_id: null,
    cost_usd: null,
    budget_usd: null,
    start_tree: null,
    adopted: null,
    created_at: now,
    updated_at: now,
    ended_at: null,
    last_output_at: null,
    pinned: false,
    archived: false,
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
