/** Projects: named directories that sessions start in. */
import { basename } from 'node:path';
import type { Project } from '@afield/shared/api/projects.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Environments } from './chat-service.ts';
import { timestamp } from './clock.ts';
import type { MachineBook } from './machine-ports.ts';
import type { Clock, ProjectRow, ProjectStore, RecipeBook } from './ports.ts';
import { machineOf } from './recipe-of.ts';

export interface ProjectDeps {
  store: ProjectStore;
  machines: MachineBook;
  recipes: RecipeBook;
  environments: Pick<Environments, 'list'>;
  clock: Clock;
  newId(): string;
}

/** What a directory is called when nobody says otherwise; a name is one line and never empty. */
const nameOf = (cwd: string) =>
  basename(cwd)
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '')
    .trim()
    .slice(0, 100) || cwd.slice(0, 100);

export interface ProjectInput {
  name?: string;
  machine: string;
  cwd: string;
  default_agent: string | null;
  default_model: string | null;
  default_face: 'terminal' | 'chat' | null;
  default_mode: string | null;
  default_environment: string | null;
  env: Record<string, string>;
}

/** The values of its environment may be secrets: their names are enough. */
const view = (row: ProjectRow): Project => ({ ...row, env: Object.keys(row.env).sort() });

export function createProjects({ store, machines, recipes, environments, clock, newId }: ProjectDeps) {
  const known = (id: string): ProjectRow => {
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

  const refuseUnknownEnvironment = (name: string | null | undefined) => {
    const known = environments.list();
    if (name === null || name === undefined || known.some((one) => one.name === name)) return;
    const there = known.length === 0 ? 'The config file has none.' : `Known: ${known.map((one) => one.name).join(', ')}.`;
    throw new AfieldError('environment_unknown', `There is no environment called "${name}". ${there}`);
  };

  return {
    /** Last used first. */
    list: (): Project[] => store.list().map(view),

    /** Errors: cwd_missing, conflict, agent_unknown, environment_unknown, machine_not_found, machine_unreachable. */
    async create(input: ProjectInput): Promise<Project> {
      refuseUnknownAgent(input.default_agent);
      refuseUnknownEnvironment(input.default_environment);
      const machine = machineOf({ machines }, input.machine);
      const cwd = await machine.directory(input.cwd);
      const row: ProjectRow = {
        id: newId(),
        name: input.name ?? nameOf(cwd),
        machine: machine.name,
        cwd,
        default_agent: input.default_agent,
        default_model: input.default_model,
        default_face: input.default_face,
        default_mode: input.default_mode,
        default_environment: input.default_environment,
        env: input.env,
        created_at: timestamp(clock),
        used_at: null,
      };
      if (!store.insert(row))
        throw new AfieldError('conflict', `${cwd} is already the project "${store.at(machine.name, cwd)?.name ?? ''}".`);
      return view(row);
    },

    /** Errors: project_not_found, agent_unknown, environment_unknown. */
    update(id: string, changes: Partial<Omit<ProjectInput, 'machine' | 'cwd'>>): Project {
      known(id);
      refuseUnknownAgent(changes.default_agent);
      refuseUnknownEnvironment(changes.default_environment);
      store.update(id, changes);
      return view(known(id));
    },

    /** Its files stay. Errors: project_not_found. */
    delete(id: string): void {
      known(id);
      store.delete(id);
    },
  };
}
