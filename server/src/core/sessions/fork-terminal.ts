/** A second terminal session of an agent, with what the first one knows. */
import { join } from 'node:path';
import { AfieldError } from '@afield/shared/errors.ts';
import { forkName } from '../chat/fork.ts';
import { givenEnv } from '../chat/launch.ts';
import { wasUsed } from '../chat/take-over-chat.ts';
import type { SessionDeps } from '../deps.ts';
import type { SessionRow } from '../ports.ts';
import { recipeOf } from '../recipe-of.ts';
import { argsOnceMore } from './go-on.ts';
import { planSession, type TerminalPlan } from './plan.ts';

/** In the same place, chosen alike; it runs or has ended. Errors: not_supported, and those of `planSession`. */
export async function planFork(deps: SessionDeps, of: SessionRow, id: string, name: string | undefined): Promise<TerminalPlan> {
  const { agent, machine, cwd, project_id, model, environment, budget_usd, cols, rows, agent_session_id: own } = of;
  if (own === null)
    throw new AfieldError('not_supported', `It is not known how the agent of "${of.name}" calls this session. Start a new one.`);
  const recipe = recipeOf(deps, agent);
  const project = project_id === null ? null : deps.store.projects.get(project_id);
  const plan = await planSession(
    deps,
    id,
    {
      agent,
      machine,
      cwd,
      face: 'terminal',
      name: name ?? forkName(of),
      args: argsOnceMore(recipe, of.args),
      env: givenEnv(join(deps.recordings, of.id)),
      environment,
      cols,
      rows,
      ...(project === null ? {} : { project_id: project.id }),
      ...(model === null ? {} : { model }),
      ...(budget_usd === null ? {} : { budget_usd }),
      // Who started the first one has confirmed it.
      ...(environment === null ? {} : { confirm: environment }),
    },
    // An agent keeps nothing of a session in which nothing was said; without a chat face that is not known.
    of.faces.includes('chat') && !wasUsed(deps, of.id) ? null : { id: own, fork: true },
  );
  if (plan.face === 'terminal') return plan;
  throw new AfieldError('not_supported', `${recipe.title} has no terminal any more.`);
}
