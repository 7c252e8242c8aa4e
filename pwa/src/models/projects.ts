import type { Agent } from '@afield/shared/api/agents.ts';
import { LOCAL_MACHINE } from '@afield/shared/api/base.ts';
import type { Machine } from '@afield/shared/api/machines.ts';
import type { Project } from '@afield/shared/api/projects.ts';
import { createModel, effect, signal } from '@preact/signals';
import { createAction, failureOf } from './action.ts';
import type { HomeLink } from './home-link.ts';
import { environmentOf, type Variable } from './variables.ts';
import { whileOpen } from './while-open.ts';

export interface ProjectFields {
  name: string;
  machine: string;
  cwd: string;
  agent: string;
  model: string;
  /** Null: the variables stay as they are at home. */
  variables: readonly Variable[] | null;
}

export const NEW_PROJECT: ProjectFields = { name: '', machine: LOCAL_MACHINE, cwd: '', agent: '', model: '', variables: [] };

export function fieldsOf({ name, machine, cwd, default_agent, default_model }: Project): ProjectFields {
  return { name, machine, cwd, agent: default_agent ?? '', model: default_model ?? '', variables: null };
}

/** Registered directories and what their sessions start with. */
export const ProjectsModel = createModel((link: HomeLink) => {
  /** Last used first; null until the first answer. */
  const projects = signal<Project[] | null>(null);
  const machines = signal<readonly Machine[]>([]);
  const agents = signal<readonly Agent[]>([]);
  const error = signal<string | null>(null);
  const saving = createAction();

  async function load(): Promise<void> {
    try {
      const [listed, known, found] = await Promise.all([link.call('listProjects'), link.call('listMachines'), link.call('listAgents')]);
      projects.value = listed.items;
      machines.value = known.items;
      agents.value = found.items;
      error.value = null;
    } catch (cause) {
      error.value = failureOf(cause).text;
    }
  }

  const save = (work: () => Promise<unknown>) =>
    saving.run(async () => {
      await work();
      await load();
    });
  const stop = whileOpen(link, () => void load());
  effect(() => stop);

  return {
    projects,
    machines,
    agents,
    error,
    saving,
    load,
    add(fields: ProjectFields) {
      const env = environmentOf(fields.variables ?? []);
      if (env === null) return Promise.resolve(false);
      const { name, machine, cwd, agent, model } = fields;
      const body = {
        ...(name.trim() === '' ? {} : { name: name.trim() }),
        machine,
        cwd: cwd.trim(),
        default_agent: agent || null,
        default_model: model.trim() || null,
        env,
      };
      return save(() => link.call('createProject', { body }));
    },
    change(id: string, fields: ProjectFields) {
      const env = fields.variables === null ? undefined : environmentOf(fields.variables);
      if (env === null) return Promise.resolve(false);
      const { name, agent, model } = fields;
      const body = {
        ...(name.trim() === '' ? {} : { name: name.trim() }),
        default_agent: agent || null,
        default_model: model.trim() || null,
        ...(env === undefined ? {} : { env }),
      };
      return save(() => link.call('updateProject', { params: { id }, body }));
    },
    /** Forgets it; its files and sessions stay. */
    remove: (id: string) => save(() => link.call('deleteProject', { params: { id } })),
  };
});
export type Projects = InstanceType<typeof ProjectsModel>;
