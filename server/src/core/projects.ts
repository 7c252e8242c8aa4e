/** Projects: named directories that sessions start in. */
import { basename } from 'node:path';
import type { Project } from '@afield/shared/api/projects.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { timestamp } from './clock.ts';
import type { Clock, Machine, ProjectStore, RecipeBook } from './ports.ts';

export interface ProjectDeps {
  store: ProjectStore;
  machine: Machine;
  recipes: RecipeBook;
  clock: Clock;
  newId(): string;
}

/** What a directory is called when nobody says otherwise; a name is one line and never empty. */
const nameOf = (cwd: string) =>
  basename(cwd)
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '')
    .trim()
    .slice(0, 100) || cwd.slice(0, 100);

export function createProjects({ store, machine, recipes, clock, newId }: ProjectDeps) {
  const known = (id: string): Project => {
    const project = store.get(id);
    if (project === null) throw new AfieldError('project_not_found', 'No project with this id. `afield project list` shows what there is.');
    return project;
  };
  const refuseUnknownAgent = (name: string | null | undefined) => {
    if (name === null || name === undefined || recipes.get(name) !== null) return;
    throw new AfieldError(
      'agent_unknown',
      `There is no agent "${name.slice(0, 64)}". Known: ${recipes
        .list()
        .map((r) => r.name)
        .join(', ')}.`,
    );
  };

  return {
    /** Last used first. */
    list: (): Project[] => store.list(),

    /** Errors: cwd_missing, conflict, agent_unknown. */
    async create(input: { name?: string; cwd: string; default_agent: string | null }): Promise<Project> {
      refuseUnknownAgent(input.default_agent);
      const cwd = await machine.directory(input.cwd);
      const row: Project = {
        id: newId(),
        name: input.name ?? nameOf(cwd),
        machine: machine.name,
        cwd,
        default_agent: input.default_agent,
        created_at: timestamp(clock),
        used_at: null,
      };
      if (!store.insert(row))
        throw new AfieldError('conflict', `${cwd} is already the project "${store.at(machine.name, cwd)?.name ?? ''}".`);
      return row;
    },

    /** Errors: project_not_found, agent_unknown. */
    update(id: string, changes: { name?: string; default_agent?: string | null }): Project {
      known(id);
      refuseUnknownAgent(changes.default_agent);
      store.update(id, changes);
      return known(id);
    },

    /** Its files stay. Errors: project_not_found. */
    delete(id: string): void {
      known(id);
      store.delete(id);
    },
  };
}
