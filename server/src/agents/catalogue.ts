import type { Agent } from '@afield/shared/api/agents.ts';
import { LOCAL_MACHINE } from '@afield/shared/api/base.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Machine, MachineBook } from '../core/machine-ports.ts';
import type { Recipe, RecipeBook } from '../core/ports.ts';
import { machineOf } from '../core/recipe-of.ts';

/** The recipes as callers see them: with what is installed on this machine. */
export interface Catalogue {
  /** Default: the home server itself. Errors: machine_not_found, machine_unreachable. */
  list(machine?: string): Promise<Agent[]>;
  /** Errors: agent_unknown. */
  get(name: string): Promise<Agent>;
}

export function createCatalogue(recipes: RecipeBook, machines: MachineBook): Catalogue {
  const describe = async (recipe: Recipe, machine: Machine): Promise<Agent> => {
    const file = await machine.which(recipe.program);
    return {
      name: recipe.name,
      title: recipe.title,
      installed: file !== null,
      version: file === null ? null : versionIn(await machine.version(file, recipe.versionArgs ?? ['--version'])),
      install: file === null ? recipe.install : null,
      faces: [...recipe.faces],
      runtimes: [
        ...(recipe.faces.includes('terminal') ? [{ name: 'terminal', face: 'terminal' as const, note: null }] : []),
        ...(recipe.chat ?? []).map(({ runtime: name, note }) => ({ name, face: 'chat' as const, note: note ?? null })),
      ],
      models: [...(recipe.models ?? [])],
      takes_model: recipe.modelOption !== undefined,
      source: recipe.source,
      capabilities: [...recipe.capabilities],
    };
  };
  return {
    async list(name = LOCAL_MACHINE) {
      const machine = machineOf({ machines }, name);
      return Promise.all(recipes.list().map((recipe) => describe(recipe, machine)));
    },
    async get(name) {
      const recipe = recipes.get(name);
      if (recipe !== null) return describe(recipe, machineOf({ machines }, LOCAL_MACHINE));
      const known = recipes.list().map((r) => r.name);
      throw new AfieldError('agent_unknown', `There is no agent called "${name}". Known: ${known.join(', ')}.`);
    },
  };
}

/** Programs say their version in a sentence of their own: `GNU bash, version 5.2.15(1)-release (…)`. Only the number is told. */
export function versionIn(line: string | null): string | null {
  return line?.match(/\d+(?:\.\d+)+(?:-[0-9A-Za-z.]+)?/)?.[0] ?? line;
}
