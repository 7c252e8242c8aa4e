/** Agents and machines by their names, and what is said when there is none. */
import { LOCAL_MACHINE } from '@afield/shared/api/base.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { SessionDeps } from './deps.ts';
import type { Machine } from './machine-ports.ts';
import type { Recipe } from './ports.ts';

/** Errors: machine_not_found. */
export function machineOf(deps: Pick<SessionDeps, 'machines'>, name: string): Machine {
  const machine = deps.machines.get(name);
  if (machine !== null) return machine;
  const known = deps.machines.list().map((m) => m.name);
  throw new AfieldError('machine_not_found', `There is no machine called "${name}". Known: ${known.join(', ')}.`);
}

/** Errors: agent_unknown. */
export function recipeOf(deps: Pick<SessionDeps, 'recipes'>, agent: string): Recipe {
  const recipe = deps.recipes.get(agent);
  if (recipe !== null) return recipe;
  const known = deps.recipes.list().map((r) => r.name);
  throw new AfieldError('agent_unknown', `There is no agent called "${agent}". Known: ${known.join(', ')}.`);
}

/** `program`: what was looked for. */
export function notInstalled({ title, install }: Recipe, program: string, machine: Machine): AfieldError {
  const how = install === null ? 'Install it, or correct its command in the config file.' : `To install it: ${install}`;
  return new AfieldError(
    'agent_not_installed',
    `${title} is not installed${machine.name === LOCAL_MACHINE ? '' : ` on ${machine.name}`}: there is no program "${program}". ${how}`,
  );
}
