/** The agents that can be started. A new one: a recipe file beside this one, and a line here. */
import type { Recipe, RecipeBook } from '../core/ports.ts';
import { aider } from './aider.ts';
import { amp } from './amp.ts';
import { claude } from './claude.ts';
import { codex } from './codex.ts';
import { type ConfiguredAgent, configured } from './configured.ts';
import { copilot } from './copilot.ts';
import { gemini } from './gemini.ts';
import { opencode } from './opencode.ts';
import { qwen } from './qwen.ts';
import { shell } from './shell.ts';

export interface RecipeOptions {
  /** The user's shell (`$SHELL`). Default: bash, or sh where there is none. */
  shell?: string | undefined;
  /** Agents of the config file; one with a name of ours replaces its command. */
  agents?: Readonly<Record<string, ConfiguredAgent>>;
}

/** In the order in which they are listed. */
export function createRecipes({ shell: program, agents = {} }: RecipeOptions = {}): RecipeBook {
  const own = program?.startsWith('/') === true ? program : 'bash';
  const builtin: Recipe[] = [shell(own), claude, codex, gemini, opencode, aider, amp, copilot, qwen];
  const book = new Map(builtin.map((recipe) => [recipe.name, recipe]));
  for (const [name, agent] of Object.entries(agents)) book.set(name, configured(name, agent, book.get(name) ?? null));
  return { get: (name) => book.get(name) ?? null, list: () => [...book.values()] };
}
