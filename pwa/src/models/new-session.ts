import type { Agent } from '@afield/shared/api/agents.ts';
import type { Project } from '@afield/shared/api/projects.ts';
import type { Session, SessionCreate } from '@afield/shared/api/sessions.ts';
import { computed, createModel, effect, signal } from '@preact/signals';
import type { HomeStore } from '../platform/store.ts';
import { type HomeLink, isOpen } from './home-link.ts';

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
}

const EMPTY: Draft = { prompt: '', name: '', agent: '', project: '', cwd: '' };

/** A stored draft, read with distrust: an older version may have written it. */
function readDraft(stored: unknown): Draft {
  if (typeof stored !== 'object' || stored === null) return EMPTY;
  const fields = stored as Record<string, unknown>;
  const text = (key: keyof Draft) => (typeof fields[key] === 'string' ? fields[key] : '');
  return { prompt: text('prompt'), name: text('name'), agent: text('agent'), project: text('project'), cwd: text('cwd') };
}

/** The form of a new session: what may be started where, and the draft that is kept on this device. */
export const NewSessionModel = createModel(({ link, store, newId, onCreated }: NewSessionDependencies) => {
  const agents = signal<Agent[] | null>(null);
  const projects = signal<Project[]>([]);
  const draft = signal<Draft>(EMPTY);
  const loadError = signal<string | null>(null);
  const busy = signal(false);
  const error = signal<string | null>(null);
  /** Kept until it succeeds, so that a repeated tap after a lost answer starts nothing twice. */
  let id = newId();
  /** Undefined: the draft is kept as it stands. */
  let keepTimer: ReturnType<typeof setTimeout> | undefined;

  const agent = computed(() => {
    const known = agents.value ?? [];
    const project = projects.value.find((one) => one.id === draft.value.project);
    const wanted = draft.value.agent || project?.default_agent || '';
    return known.find((one) => one.name === wanted) ?? known.find((one) => one.installed) ?? null;
  });

  async function load(): Promise<void> {
    loadError.value = null;
    try {
      const [listed, found] = await Promise.all([link.call('listAgents'), link.call('listProjects')]);
      agents.value = [...listed.items].sort((a, b) => Number(b.installed) - Number(a.installed));
      projects.value = found.items;
    } catch (cause) {
      loadError.value = cause instanceof Error ? cause.message : String(cause);
    }
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
    draft.value = { ...draft.peek(), ...fields };
    error.value = null;
    keep();
  }

  function body(name: string): SessionCreate {
    const { prompt, project, cwd, name: title } = draft.peek();
    return {
      id,
      agent: name,
      ...(prompt.trim() === '' ? {} : { prompt: prompt.trim() }),
      ...(title.trim() === '' ? {} : { name: title.trim() }),
      ...(project === '' ? {} : { project_id: project }),
      ...(project === '' && cwd.trim() !== '' ? { cwd: cwd.trim() } : {}),
    };
  }

  async function start(): Promise<void> {
    const chosen = agent.peek();
    if (chosen === null || !chosen.installed || busy.peek()) return;
    busy.value = true;
    error.value = null;
    try {
      const session = await link.call('createSession', { body: body(chosen.name) });
      id = newId();
      // What belongs to the next session too stays: where, and with which agent.
      change({ prompt: '', name: '' });
      onCreated(session);
    } catch (cause) {
      error.value = cause instanceof Error ? cause.message : String(cause);
    } finally {
      busy.value = false;
    }
  }

  store
    .readPreference(DRAFT)
    .then((stored) => {
      if (draft.peek() === EMPTY) draft.value = readDraft(stored);
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
    draft,
    agent,
    loadError,
    busy,
    error,
    ready: computed(() => agent.value?.installed === true && !busy.value),
    change,
    keepNow,
    start,
    load,
  };
});
export type NewSession = InstanceType<typeof NewSessionModel>;
