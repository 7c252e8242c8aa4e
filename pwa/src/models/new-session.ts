import type { Agent } from '@afield/shared/api/agents.ts';
import { LOCAL_MACHINE } from '@afield/shared/api/base.ts';
import type { NamedEnvironment } from '@afield/shared/api/environments.ts';
import type { Machine } from '@afield/shared/api/machines.ts';
import type { Project } from '@afield/shared/api/projects.ts';
import type { Session, SessionCreate } from '@afield/shared/api/sessions.ts';
import { computed, createModel, effect, signal } from '@preact/signals';
import type { HomeStore } from '../platform/store.ts';
import { failureOf } from './action.ts';
import { createEnvironmentChoice } from './environment-choice.ts';
import { type HomeLink, isOpen } from './home-link.ts';
import { inOrder } from './machines-list.ts';
import { budgetOf } from './session-usage.ts';
import { environmentOf, type Variable } from './variables.ts';

/** Preference under which the draft is kept on this device. */
const DRAFT = 'new-session-draft';
/** A pause in typing before the draft is written, in ms. */
const KEEP_AFTER_MS = 500;

export interface NewSessionDependencies {
  link: HomeLink;
  store: Pick<HomeStore, 'readPreference' | 'writePreference'>;
  newId(): string;
  onCreated(session: Session): void;
}

/** Empty: as the project, the agent or home has it. */
interface Draft {
  prompt: string;
  name: string;
  agent: string;
  project: string;
  cwd: string;
  machine: string;
  model: string;
  face: string;
  runtime: string;
  mode: string;
  environment: string;
  budget: string;
}

const EMPTY: Draft = {
  prompt: '',
  name: '',
  agent: '',
  project: '',
  cwd: '',
  machine: '',
  model: '',
  face: '',
  runtime: '',
  mode: '',
  environment: '',
  budget: '',
};
export type Face = Agent['faces'][number];
export type RuntimeChoice = Agent['runtimes'][number];

/** A stored draft, read with distrust: an older version may have written it. */
function readDraft(stored: unknown): Draft {
  if (typeof stored !== 'object' || stored === null) return EMPTY;
  const fields = stored as Record<string, unknown>;
  const text = (key: keyof Draft) => (typeof fields[key] === 'string' ? fields[key] : '');
  return Object.fromEntries(Object.keys(EMPTY).map((key) => [key, text(key as keyof Draft)])) as unknown as Draft;
}

/** The form of a new session: what may be started where, and the draft that is kept on this device. */
export const NewSessionModel = createModel(({ link, store, newId, onCreated }: NewSessionDependencies) => {
  const agents = signal<Agent[] | null>(null);
  /** Last used first. */
  const projects = signal<Project[]>([]);
  const machines = signal<readonly Machine[]>([]);
  const environments = signal<readonly NamedEnvironment[]>([]);
  /** For this session only: values may be secrets, so they are not part of the draft. */
  const variables = signal<readonly Variable[]>([]);
  const draft = signal<Draft>(EMPTY);
  const loadError = signal<string | null>(null);
  const busy = signal(false);
  const error = signal<string | null>(null);
  /** Kept until it succeeds, so that a repeated tap after a lost answer starts nothing twice. */
  let id = newId();
  /** Undefined: the draft is kept as it stands. */
  let keepTimer: ReturnType<typeof setTimeout> | undefined;

  const project = computed(() => projects.value.find((one) => one.id === draft.value.project) ?? null);
  /** The project's, else the chosen one, as long as home knows it. */
  const machine = computed(() => {
    const wanted = project.value?.machine ?? draft.value.machine;
    return machines.value.some((one) => one.name === wanted) ? wanted : (project.value?.machine ?? LOCAL_MACHINE);
  });
  const agent = computed(() => {
    const known = agents.value ?? [];
    const wanted = draft.value.agent || project.value?.default_agent || '';
    return known.find((one) => one.name === wanted) ?? known.find((one) => one.installed) ?? null;
  });

  /** The chat face where there is one: it is made for a phone. */
  const face = computed((): Face => {
    const faces = agent.value?.faces ?? [];
    const usual = project.value?.default_face ?? null;
    const wanted = draft.value.face as Face;
    if (faces.includes(wanted)) return wanted;
    return usual !== null && faces.includes(usual) ? usual : faces.includes('chat') ? 'chat' : 'terminal';
  });
  /** What the chosen face may run in, the usual one first. */
  const runtimes = computed(() => (agent.value?.runtimes ?? []).filter((one) => one.face === face.value));
  const runtime = computed(
    (): RuntimeChoice | null => runtimes.value.find(({ name }) => name === draft.value.runtime) ?? runtimes.value[0] ?? null,
  );
  /** A chat chooses its model in its protocol. */
  const takesModel = computed(() => agent.value !== null && (agent.value.takes_model || face.value === 'chat'));
  // What a model gives out becomes an action, which tracks nothing: the effect keeps its own.
  const { watch, ...environment } = createEnvironmentChoice(link, environments, () => ({
    agent: agent.value?.name ?? null,
    wanted: draft.value.environment,
    usual: project.value?.default_environment ?? null,
  }));

  async function load(): Promise<void> {
    loadError.value = null;
    const loadingAgents = loadAgents();
    const before = machine.peek();
    try {
      // Without the list of machines there is still the home server itself, and no session needs an environment.
      const [known, found, named] = await Promise.all([
        link.call('listMachines').catch(() => ({ items: [] })),
        link.call('listProjects'),
        link.call('listEnvironments').catch(() => ({ items: [] })),
      ]);
      machines.value = inOrder(known.items);
      projects.value = found.items;
      environments.value = named.items;
    } catch (cause) {
      loadError.value = failureOf(cause).text;
    }
    await (machine.peek() === before ? loadingAgents : loadAgents());
  }

  /** Those of the chosen machine; an answer for another one is of no interest any more. */
  async function loadAgents(): Promise<void> {
    const wanted = machine.peek();
    agents.value = null;
    try {
      const listed = await link.call('listAgents', { query: { machine: wanted } });
      if (wanted === machine.peek()) agents.value = [...listed.items].sort((a, b) => Number(b.installed) - Number(a.installed));
    } catch (cause) {
      if (wanted === machine.peek()) loadError.value = failureOf(cause).text;
    }
  }

  /** With another machine there are other agents. */
  function redraft(next: Draft): void {
    const before = machine.peek();
    draft.value = next;
    if (machine.peek() === before || !isOpen(link)) return;
    loadError.value = null;
    void loadAgents();
  }

  function keep(): void {
    clearTimeout(keepTimer);
    keepTimer = setTimeout(keepNow, KEEP_AFTER_MS);
  }

  /** Writes what waits to be kept: the form or the page goes. */
  function keepNow(): void {
    if (keepTimer === undefined) return;
    clearTimeout(keepTimer);
    keepTimer = undefined;
    store.writePreference(DRAFT, draft.peek()).catch(() => undefined); // storage is full: the draft lives as long as the page
  }

  function change(fields: Partial<Draft>): void {
    redraft({ ...draft.peek(), ...fields });
    error.value = null;
    keep();
  }

  function body(chosen: Agent, env: Record<string, string>): SessionCreate {
    const { prompt, cwd, name: title } = draft.peek();
    const known = project.peek();
    return {
      id,
      agent: chosen.name,
      ...(prompt.trim() === '' ? {} : { prompt: prompt.trim() }),
      ...(title.trim() === '' ? {} : { name: title.trim() }),
      ...(known === null ? {} : { project_id: known.id }),
      ...(known === null && cwd.trim() !== '' ? { cwd: cwd.trim() } : {}),
      ...(known === null && machine.peek() !== LOCAL_MACHINE ? { machine: machine.peek() } : {}),
      ...how(),
      ...environment.body(),
      ...(Object.keys(env).length === 0 ? {} : { env }),
    };
  }

  /** Face, runtime, model, mode and budget. What is as usual is not said. */
  function how(): Partial<SessionCreate> {
    const { model, mode, budget } = draft.peek();
    const chat = face.peek() === 'chat';
    const usd = budgetOf(budget);
    return {
      // Where there is a choice it is told: else the project's would count.
      ...((agent.peek()?.faces.length ?? 0) > 1 || chat ? { face: face.peek() } : {}),
      ...(runtime.peek() !== null && runtime.peek() !== runtimes.peek()[0] ? { runtime: runtime.peek()!.name } : {}),
      ...(takesModel.peek() && model.trim() !== '' ? { model: model.trim() } : {}),
      ...(chat && mode.trim() !== '' ? { mode: mode.trim() } : {}),
      ...(typeof usd === 'number' ? { budget_usd: usd } : {}),
    };
  }

  const ready = computed(
    () =>
      agent.value?.installed === true &&
      environmentOf(variables.value) !== null &&
      budgetOf(draft.value.budget) !== null &&
      environment.ready.value &&
      !busy.value,
  );

  async function start(): Promise<void> {
    const chosen = agent.peek();
    const env = environmentOf(variables.peek());
    if (chosen === null || env === null || !ready.peek()) return;
    busy.value = true;
    error.value = null;
    try {
      const session = await link.call('createSession', { body: body(chosen, env) });
      id = newId();
      // What belongs to the next session too stays: where, and with which agent.
      change({ prompt: '', name: '' });
      variables.value = [];
      environment.confirm(false);
      onCreated(session);
    } catch (cause) {
      error.value = failureOf(cause).text;
    } finally {
      busy.value = false;
    }
  }

  store
    .readPreference(DRAFT)
    .then((stored) => {
      if (draft.peek() === EMPTY) redraft(readDraft(stored));
    })
    .catch(() => undefined); // no storage: start with an empty form
  const stop = link.connection.subscribe(() => {
    if (isOpen(link) && agents.peek() === null) void load();
  });
  effect(watch);
  effect(() => () => {
    stop();
    keepNow();
  });

  return {
    agents,
    projects,
    project,
    machines,
    machine,
    variables,
    draft,
    agent,
    loadError,
    busy,
    error,
    ready,
    face,
    runtimes,
    runtime,
    takesModel,
    environment,
    change,
    keepNow,
    start,
    load,
  };
});
export type NewSession = InstanceType<typeof NewSessionModel>;
