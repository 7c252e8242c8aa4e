/** Makes a session of a program that already runs in the user's own tmux. It is not restarted, and goes on without us when released. */
import { basename } from 'node:path';
import { LOCAL_MACHINE } from '@afield/shared/api/base.ts';
import type { Adoptable } from '@afield/shared/api/machines.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { SessionDeps } from '../deps.ts';
import type { TerminalRuntime } from '../machine-ports.ts';
import type { Recipe, RecipeBook, SessionRow } from '../ports.ts';
import { printable } from '../printable.ts';
import { machineOf, recipeOf } from '../recipe-of.ts';
import type { AdoptionInput } from '../service.ts';
import type { LiveSessions } from './live-sessions.ts';
import { defaultName, newRow, projectOn } from './plan.ts';

const TITLE_CHARACTERS = 200;

export interface AdoptionPlan {
  row: SessionRow;
  recipe: Recipe;
  runtime: TerminalRuntime;
}

/** Said of a session that was let go. */
export const RELEASED = 'Released: it goes on in your own tmux.';

/** Errors: agent_unknown, project_not_found, machine_not_found, machine_unreachable, not_found, conflict when it is a session already. */
export async function planAdoption(deps: SessionDeps, live: LiveSessions, id: string, input: AdoptionInput): Promise<AdoptionPlan> {
  const machine = machineOf(deps, input.machine);
  const project = projectOn(deps, input.project_id, machine.name);
  const chosen = input.agent === undefined ? null : recipeOf(deps, input.agent);
  const runtime = await deps.machines.runtime(machine.name);
  const pane = (await runtime.adoptable()).find((one) => one.pane === input.pane && one.socket === input.socket);
  if (pane === undefined) throw gone(input, machine.name);
  refuseAdopted(live, machine.name, pane);
  const recipe = chosen ?? recipeOfCommand(deps.recipes, pane.command);
  const row = newRow(deps, {
    id,
    name: input.name ?? defaultName(recipe.name, basename(pane.cwd)),
    recipe,
    machine: machine.name,
    project_id: project?.id ?? null,
    cwd: pane.cwd,
    model: null,
    runtime: runtime.name,
    args: [],
    cols: pane.cols,
    rows: pane.rows,
  });
  const title = printable(pane.title).trim().slice(0, TITLE_CHARACTERS);
  const adopted = { socket: pane.socket, pane: pane.pane, pid: pane.pid };
  return { recipe, runtime, row: { ...row, title: title === '' ? null : title, adopted } };
}

function gone({ pane, socket }: AdoptionInput, machine: string): AfieldError {
  const where = machine === LOCAL_MACHINE ? '' : ` on ${machine}`;
  return new AfieldError(
    'not_found',
    `There is no pane ${pane} in the tmux at ${socket}${where} any more. Look again at what can be adopted.`,
  );
}

function refuseAdopted(live: LiveSessions, machine: string, { socket, pane }: Adoptable): void {
  const known = live.all().find(({ row }) => row.machine === machine && row.adopted?.socket === socket && row.adopted.pane === pane);
  if (known !== undefined) throw new AfieldError('conflict', `This pane is the session "${known.row.name}" already.`);
}

/** By the program that the pane runs, else as a shell. */
function recipeOfCommand(recipes: RecipeBook, command: string): Recipe {
  const name = basename(command);
  const all = recipes.list();
  return all.find((recipe) => basename(recipe.program) === name) ?? recipes.get('shell') ?? all[0]!;
}
