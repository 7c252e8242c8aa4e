import type { Agent } from '@afield/shared/api/agents.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Machine, Recipe, RecipeBook } from '../core/ports.ts';

/** The recipes as callers see them: with what is installed on this machine. */
export function createCatalogue(recipes: RecipeBook, machine: Machine): { list(): Promise<Agent[]>; get(name: string): Promise<Agent> } {
  const describe = async (recipe: Recipe): Promise<Agent> => {
    const file = await machine.which(recipe.program);
    return {
      name: recipe.name,
      title: recipe.title,
      installed: file !== null,
      version: file === null ? null : versionIn(await machine.version(file, recipe.versionArgs ?? ['--version'])),
      install: file === null ? recipe.install : null,
      faces: [...recipe.faces],
      runtime: recipe.runtime,
      source: recipe.source,
      capabilities: [...recipe.capabilities],
    };
  };
  return {
    list: () => Promise.all(recipes.list().map(describe)),
    async get(name) {
      const recipe = recipes.get(name);
      if (recipe !== null) return describe(recipe);
      const known = recipes.list().map((r) => r.name);
      throw new AfieldError('agent_unknown', `There is no agent called "${name}". Known: ${known.join(', ')}.`);
    },
  };
}

/** Programs say their version in a sentence of their own: `GNU bash, version 5.2.15(1)-release (…)`. Only the number is told. */
export function versionIn(line: string | null): string | null {
  return line?.match(/\d+(?:\.\d+)+(?:-[0-9A-Za-z.]+)?/)?.[0] ?? line;
}
