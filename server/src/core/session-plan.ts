/** Checks a request for a session and works out what it means, before anything is written or started. */
import { basename } from 'node:path';
import type { Project } from '@afield/shared/api/projects.ts';
import type { SessionCreate } from '@afield/shared/api/sessions.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { timestamp } from './clock.ts';
import type { SessionDeps } from './deps.ts';
import type { Command, PromptRow, Recipe, SessionRow } from './ports.ts';
import { cleanPrompt } from './prompt-text.ts';

const NAME_CHARACTERS = 100;

export interface SessionPlan {
  recipe: Recipe;
  project: Project | null;
  row: SessionRow;
  prompt: PromptRow | null;
  command: Command;
}

/** Errors: agent_unknown, agent_not_installed, project_not_found, cwd_missing. */
export async function planSession(deps: SessionDeps, id: string, input: SessionCreate): Promise<SessionPlan> {
  const recipe = recipeOf(deps, input.agent);
  const file = await deps.machine.which(recipe.program);
  if (file === null) throw notInstalled(recipe);
  const project = projectOf(deps, input.project_id);
  const cwd = await deps.machine.directory(input.cwd ?? project?.cwd ?? deps.workDir);
  const row = newRow(deps, id, input, recipe, cwd);
  const env = deps.machine.environment({ id }, { ...recipe.env }, recipe.passEnv);
  return {
    recipe,
    project,
    row,
    prompt: promptOf(deps, row, input.prompt),
    command: { file, args: [...recipe.args, ...row.args], cwd, env },
  };
}

function recipeOf(deps: SessionDeps, agent: string): Recipe {
  const recipe = deps.recipes.get(agent);
  if (recipe !== null) return recipe;
  const known = deps.recipes.list().map((r) => r.name);
  throw new AfieldError('agent_unknown', `There is no agent called "${agent}". Known: ${known.join(', ')}.`);
}

function notInstalled({ title, program, install }: Recipe): AfieldError {
  const how = install === null ? 'Install it, or correct its command in the config file.' : `To install it: ${install}`;
  return new AfieldError('agent_not_installed', `${title} is not installed: there is no program "${program}". ${how}`);
}

function projectOf(deps: SessionDeps, id: string | undefined): Project | null {
  if (id === undefined) return null;
  const project = deps.store.projects.get(id);
  if (project !== null) return project;
  throw new AfieldError('project_not_found', `There is no project ${id}. It may have been deleted.`);
}

function newRow(deps: SessionDeps, id: string, input: SessionCreate, recipe: Recipe, cwd: string): SessionRow {
  const now = timestamp(deps.clock);
  return {
    id,
    name: input.name ?? defaultName(recipe.name, cwd),
    agent: recipe.name,
    machine: deps.machine.name,
    project_id: input.project_id ?? null,
    cwd,
    faces: [...recipe.faces],
    runtime: deps.runtime.name,
    args: [...(input.args ?? [])],
    status: 'starting',
    status_reason: null,
    activity: null,
    title: null,
    cols: input.cols ?? 80,
    rows: input.rows ?? 24,
    pid: null,
    exit_code: null,
    output_bytes: 0,
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
  return { id: deps.newId(), session_id: row.id, content, state: 'home', reason: null, created_at: row.created_at };
}

/** Short, typed easily at the command line: `claude-repo`. */
function defaultName(agent: string, cwd: string): string {
  const place = basename(cwd).replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '');
  return (place === '' ? agent : `${agent}-${place}`).slice(0, NAME_CHARACTERS).trim();
}
