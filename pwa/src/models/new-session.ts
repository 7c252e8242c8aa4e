import type { Agent } from '@afield/shared/api/agents.ts';
import { LOCAL_MACHINE } from '@afield/shared/api/base.ts';
import type { Machine } from '@afield/shared/api/machines.ts';
import type { Project } from '@afield/shared/api/projects.ts';
import type { Session, SessionCreate } from '@afield/shared/api/sessions.ts';
import { computed, createModel, effect, signal } from '@preact/signals';
import type { HomeStore } from '../platform/store.ts';
import { failureOf } from './action.ts';
import { type HomeLink, isOpen } from './home-link.ts';
import { inOrder } from './machines-list.ts';
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

interface Draft {
  prompt: string;
  name: string;
  agent: string;
  project: string;
  cwd: string;
  machine: string;
  model: string;
}

const EMPTY: Draft = { prompt: '', name: '', agent: '', project: '', cwd: '', machine: '', model: '' };

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

  async function load(): Promise<void> {
    loadError.value = null;
    const loadingAgents = loadAgents();
    const before = machine.peek();
    try {
      // Without the list of machines there is still the home server itself.
      const [known, found] = await Promise.all([link.call('listMachines').catch(() => ({ items: [] })), link.call('listProjects')]);
      machines.value = inOrder(known.items);
      projects.value = found.items;
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
    const { prompt, cwd, name: title, model } = draft.peek();
    const known = project.peek();
    return {
      id,
      agent: chosen.name,
      ...(prompt.trim() === '' ? {} : { prompt: prompt.trim() }),
      ...(title.trim() === '' ? {} : { name: title.trim() }),
      ...(known === null ? {} : { project_id: known.id }),
      ...(known === null && cwd.trim() !== '' ? { cwd: cwd.trim() } : {}),
      ...(known === null && machine.peek() !== LOCAL_MACHINE ? { machine: machine.peek() } : {}),
      ...(chosen.takes_model && model.trim() !== '' ? { model: model.trim() } : {}),
      ...(Object.keys(env).length === 0 ? {} : { env }),
    };
  }

  async function start(): Promise<void> {
    const chosen = agent.peek();
    const env = environmentOf(variables.peek());
    if (chosen === null || !chosen.installed || env === null || busy.peek()) return;
    busy.value = true;
    error.value = null;
    try {
      const session = await link.call('createSession', { body: body(chosen, env) });
      id = newId();
      // What belongs to the next session too stays: where, and with which agent.
      change({ prompt: '', name: '' });
      variables.value = [];
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
    ready: computed(() => agent.value?.installed === true && environmentOf(variables.value) !== null && !busy.value),
    change,
    keepNow,
    start,
    load,
  };
});
export type NewSession = InstanceType<typeof NewSessionModel>;
