/** What is started for a chat, worked out from its row: at its beginning, and each time that its agent is started again. */
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AfieldError } from '@afield/shared/errors.ts';
import type { ChatRuntime, ChatStart } from '../chat-ports.ts';
import type { SessionDeps } from '../deps.ts';
import type { ChatWay, Recipe, SessionRow } from '../ports.ts';
import { machineOf, notInstalled, recipeOf } from '../recipe-of.ts';

export const START_FILE = 'start.json';

export interface Way {
  way: ChatWay;
  runtime: ChatRuntime;
}

/** The way that is meant; without a name the usual one. Errors: not_supported. */
export function wayOf(deps: Pick<SessionDeps, 'chatRuntimes'>, recipe: Recipe, name: string | undefined): Way {
  const ways = recipe.chat ?? [];
  const way =
    name === undefined ? ways.find((one) => deps.chatRuntimes.get(one.runtime) !== null) : ways.find((one) => one.runtime === name);
  const runtime = way === undefined ? null : deps.chatRuntimes.get(way.runtime);
  if (way !== undefined && runtime !== null) return { way, runtime };
  if (ways.length === 0) throw new AfieldError('not_supported', `${recipe.title} has no chat face. Start it with a terminal.`);
  const known = ways.map((one) => one.runtime).join(', ');
  throw new AfieldError('not_supported', `${recipe.title} has no chat in “${name ?? known}”. Known: ${known}.`);
}

/** An adapter is no agent: no environment's program takes its place. */
export function programOf(recipe: Recipe, way: ChatWay | null, named: string | null): string {
  return way?.program ?? named ?? recipe.program;
}

export interface Again {
  /** The agent's own id of the session to go on with; null: a new one. */
  resume: string | null;
  fork: boolean;
}

/** Errors: agent_unknown, agent_not_installed, machine_not_found, machine_unreachable, cwd_missing, not_supported, environment_unknown, unavailable. */
export async function planLaunch(deps: SessionDeps, row: SessionRow, { resume, fork }: Again): Promise<Way & { start: ChatStart }> {
  const recipe = recipeOf(deps, row.agent);
  const { way, runtime } = wayOf(deps, recipe, row.runtime);
  const machine = machineOf(deps, row.machine);
  const named = await environmentOf(deps, row);
  const program = programOf(recipe, way, named.program);
  const file = await machine.which(program);
  if (file === null) throw notInstalled(recipe, program, machine);
  const project = row.project_id === null ? null : deps.store.projects.get(row.project_id);
  const extra = { ...recipe.env, ...way.env, ...project?.env, ...named.env, ...givenEnv(join(deps.recordings, row.id)) };
  const env = machine.environment({ id: row.id }, extra, recipe.passEnv);
  const chosen = way.modelOption === undefined || row.model === null ? [] : [way.modelOption, row.model];
  const command = { session_id: row.id, file, args: [...way.args, ...chosen, ...row.args], cwd: row.cwd, env };
  const model = way.modelOption === undefined ? row.model : null;
  return { way, runtime, start: { command, machine, model, mode: row.mode ?? way.mode ?? null, resume, fork } };
}

async function environmentOf(deps: SessionDeps, row: SessionRow): Promise<{ program: string | null; env: Record<string, string> }> {
  if (row.environment === null) return { program: null, env: {} };
  // Who started it has confirmed it.
  return deps.environments.resolve(row.environment, { agent: row.agent, confirm: row.environment });
}

/** Variables that were given for this session alone: needed again whenever its agent is started, or a fork of it. */
export async function keepGivenEnv(folder: string, env: Record<string, string> | undefined): Promise<void> {
  if (env === undefined || Object.keys(env).length === 0) return;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(join(folder, START_FILE), JSON.stringify({ env }), { mode: 0o600 });
}

/** What `keepGivenEnv` kept; nothing where nothing was. */
export function givenEnv(folder: string): Record<string, string> {
  try {
    return (JSON.parse(readFileSync(join(folder, START_FILE), 'utf8')) as { env: Record<string, string> }).env;
  } catch {
    return {};
  }
}
