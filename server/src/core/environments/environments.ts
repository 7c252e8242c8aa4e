/** Named environments of the config file: what a session starts with instead of what its agent would find by itself. */
import { LOCAL_MACHINE } from '@afield/shared/api/base.ts';
import type { NamedEnvironment } from '@afield/shared/api/environments.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Environments } from '../chat-service.ts';
import type { ConfiguredEnvironment, EnvironmentDeps } from '../environment-ports.ts';
import type { Recipe, RecipeBook } from '../ports.ts';
import { checkEnvironment } from './checks.ts';
import { createSecretReader, kindOf } from './secrets.ts';

/** What is called production in its name is production, unless the config file says no. */
const CALLED_PRODUCTION = /(?:^|[._-])prod(?:uction)?(?:$|[._-])/;

/** Errors: bad_request for an agent that is not known, or whose server cannot be told. */
export function createEnvironments(deps: EnvironmentDeps): Environments {
  const all = new Map(Object.entries(deps.environments));
  for (const [name, one] of all) refuseWhatCannotBe(deps.recipes, name, one);
  const readSecret = createSecretReader(deps);

  function known(name: string): ConfiguredEnvironment {
    const found = all.get(name);
    if (found !== undefined) return found;
    const names = [...all.keys()];
    const there = names.length === 0 ? 'The config file has none.' : `Known: ${names.join(', ')}.`;
    throw new AfieldError('environment_unknown', `There is no environment called "${name}". ${there}`);
  }

  /** Those under way: several devices at once ask a keychain, and its person, once. */
  const checking = new Map<string, ReturnType<Environments['check']>>();
  const lookAt: Environments['check'] = async (name) => {
    const environment = known(name);
    const recipe = environment.agent === undefined ? null : deps.recipes.get(environment.agent);
    const machine = deps.machines.get(LOCAL_MACHINE);
    const checks = await checkEnvironment({ environment, recipe, machine, readSecret, reach: deps.reach });
    return { environment: viewOf(name, environment), checks };
  };

  return {
    async resolve(name, { agent, confirm }) {
      const found = known(name);
      const { production } = viewOf(name, found);
      if (found.agent !== undefined && found.agent !== agent)
        throw new AfieldError('not_supported', `The environment "${name}" is for ${found.agent}, not for ${agent}.`);
      const recipe = deps.recipes.get(agent);
      const server = serverOf(name, found, recipe);
      if (production && confirm !== name)
        throw new AfieldError('confirmation_needed', `"${name}" is called production. Say its name once more to start a session in it.`);
      const secrets: Record<string, string> = {};
      for (const [variable, from] of Object.entries(found.secrets ?? {})) {
        secrets[variable] = await readSecret(from).catch((cause: unknown) => {
          throw unreadable(name, variable, cause);
        });
      }
      return { program: found.program ?? null, env: { ...server, ...found.env, ...secrets }, production };
    },

    list: () => [...all].map(([name, one]) => viewOf(name, one)),

    check(name) {
      const running = checking.get(name);
      if (running !== undefined) return running;
      const check = lookAt(name).finally(() => checking.delete(name));
      checking.set(name, check);
      return check;
    },
  };
}

function viewOf(name: string, { agent, program, server_url, env = {}, secrets = {}, production }: ConfiguredEnvironment): NamedEnvironment {
  return {
    name,
    agent: agent ?? null,
    program: program ?? null,
    server_url: server_url ?? null,
    variables: Object.keys(env).sort(),
    secrets: Object.entries(secrets).map(([variable, from]) => ({ variable, from: kindOf(from) })),
    production: production ?? CALLED_PRODUCTION.test(name),
  };
}

/** The variable by which the agent is told where its server is. Errors: not_supported. */
function serverOf(name: string, { server_url }: ConfiguredEnvironment, recipe: Recipe | null): Record<string, string> {
  if (server_url === undefined) return {};
  const variable = recipe?.serverUrlVariable;
  if (variable !== undefined) return { [variable]: server_url };
  const agent = recipe?.title ?? 'this agent';
  throw new AfieldError(
    'not_supported',
    `Afield does not know by which variable ${agent} is told its server: set it under environments.${name}.env instead of server_url.`,
  );
}

/** A typing error is found when the server starts, not when somebody is on the way. */
function refuseWhatCannotBe(recipes: RecipeBook, name: string, one: ConfiguredEnvironment): void {
  if (one.agent === undefined) return;
  const recipe = recipes.get(one.agent);
  if (recipe === null) {
    const names = recipes.list().map((known) => known.name);
    throw new AfieldError('bad_request', `environments.${name}.agent: there is no agent "${one.agent}". Known: ${names.join(', ')}.`);
  }
  if (one.server_url === undefined) return;
  const variable = recipe.serverUrlVariable;
  if (variable === undefined) {
    throw new AfieldError(
      'bad_request',
      `environments.${name}.server_url: Afield does not know by which variable ${recipe.title} is told its server. Set it under env instead.`,
    );
  }
  if (variable in { ...one.env, ...one.secrets })
    throw new AfieldError('bad_request', `environments.${name}: ${variable} is what server_url sets. Leave one of them out.`);
}

function unreadable(name: string, variable: string, cause: unknown): AfieldError {
  const why = cause instanceof AfieldError ? cause.message : 'It cannot be read.';
  return new AfieldError('unavailable', `The secret ${variable} of the environment "${name}" is not there: ${why}`, { cause });
}
