import type { SessionCreate } from '@afield/shared/api/sessions.ts';
import type { Environments } from '../chat-service.ts';
import type { ProjectRow, Recipe } from '../ports.ts';

/** What a session is asked to be once its project has had its say. */
export type SessionInput = Omit<SessionCreate, 'environment'> & { environment?: string | undefined };

/**
 * What was not said is as the project has it, as far as that fits the agent: its mode is a word of the project's own agent, an
 * environment may be for another one. One that is not there any more is not left out in silence: starting in it fails.
 */
export function withDefaults(
  { environment, ...input }: SessionCreate,
  project: ProjectRow | null,
  recipe: Recipe,
  environments: Pick<Environments, 'list'>,
): SessionInput {
  if (project === null) return { ...input, ...(environment == null ? {} : { environment }) };
  const { default_face, default_mode, default_environment } = project;
  const face = input.face ?? (default_face !== null && recipe.faces.includes(default_face) ? default_face : undefined);
  const mode = input.mode ?? (face === 'chat' && recipe.name === project.default_agent ? default_mode : null);
  const named = environment === undefined ? usual(default_environment, recipe, environments) : environment;
  return {
    ...input,
    ...(face === undefined ? {} : { face }),
    ...(mode === null ? {} : { mode }),
    ...(named === null ? {} : { environment: named }),
  };
}

function usual(name: string | null, recipe: Recipe, environments: Pick<Environments, 'list'>): string | null {
  const known = environments.list().find((one) => one.name === name);
  return known === undefined || known.agent === null || known.agent === recipe.name ? name : null;
}
