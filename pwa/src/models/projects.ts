import type { Agent } from '@afield/shared/api/agents.ts';
import { LOCAL_MACHINE } from '@afield/shared/api/base.ts';
import type { NamedEnvironment } from '@afield/shared/api/environments.ts';
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
  face: '' | 'terminal' | 'chat';
  mode: string;
  environment: string;
  /** Null: the variables stay as they are at home. */
  variables: readonly Variable[] | null;
}

export const NEW_PROJECT: ProjectFields = {
  name: '',
  machine: LOCAL_MACHINE,
  cwd: '',
  agent: '',
  model: '',
  face: '',
  mode: '',
  environment: '',
  variables: [],
};

export function fieldsOf(project: Project): ProjectFields {
  const { name, machine, cwd } = project;
  return {
    name,
    machine,
    cwd,
    agent: project.default_agent ?? '',
    model: project.default_model ?? '',
    face: project.default_face ?? '',
    mode: project.default_mode ?? '',
    environment: project.default_environment ?? '',
    variables: null,
  };
}

/** What its sessions start with; empty is as without a project. */
const defaultsOf = ({ agent, model, face, mode, environment }: ProjectFields) => ({
  default_agent: agent || null,
  default_model: model.trim() || null,
  default_face: face || null,
  default_mode: mode.trim() || null,
  default_environment: environment || null,
});

/** Registered directories and what their sessions start with. */
export const ProjectsModel = createModel((link: HomeLink) => {
  /** Last used first; null until the first answer. */
  const projects = signal<Project[] | null>(null);
  const machines = signal<readonly Machine[]>([]);
  const agents = signal<readonly Agent[]>([]);
  const environments = signal<readonly NamedEnvironment[]>([]);
  const error = signal<string | null>(null);
  const saving = createAction();

  async function load(): Promise<void> {
    try {
      const [listed, known, found, named] = await Promise.all([
        link.call('listProjects'),
        link.call('listMachines'),
        link.call('listAgents'),
        link.call('listEnvironments').catch(() => ({ items: [] })),
      ]);
      projects.value = listed.items;
      machines.value = known.items;
      agents.value = found.items;
      environments.value = named.items;
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
    environments,
    error,
    saving,
    load,
    add(fields: ProjectFields) {
      const env = environmentOf(fields.variables ?? []);
      if (env === null) return Promise.resolve(false);
      const { name, machine, cwd } = fields;
      const body = {
        ...(name.trim() === '' ? {} : { name: name.trim() }),
        machine,
        cwd: cwd.trim(),
        ...defaultsOf(fields),
        env,
      };
      return save(() => link.call('createProject', { body }));
    },
    change(id: string, fields: ProjectFields) {
      const env = fields.variables === null ? undefined : environmentOf(fields.variables);
      if (env === null) return Promise.resolve(false);
      const { name } = fields;
      const body = {
        ...(name.trim() === '' ? {} : { name: name.trim() }),
        ...defaultsOf(fields),
        ...(env === undefined ? {} : { env }),
      };
      return save(() => link.call('updateProject', { params: { id }, body }));
    },
    /** Forgets it; its files and sessions stay. */
    remove: (id: string) => save(() => link.call('deleteProject', { params: { id } })),
  };
});
export type Projects = InstanceType<typeof ProjectsModel>;
