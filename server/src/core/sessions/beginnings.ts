/** How sessions come to be: started, adopted, forked or resumed, each of them once, and no more than this home server has room for. */
import { join } from 'node:path';
import type { Session, SessionCreate } from '@afield/shared/api/sessions.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { createChats } from '../chat/chats.ts';
import { accompany } from '../chat/companion-plan.ts';
import { keepGivenEnv } from '../chat/launch.ts';
import type { SessionDeps, SessionLimits } from '../deps.ts';
import type { Recipe, SessionRow } from '../ports.ts';
import type { AdoptionInput, SessionService } from '../service.ts';
import { Screen } from '../terminal/screen.ts';
import { planAdoption } from './adoption.ts';
import { planFork } from './fork-terminal.ts';
import type { LiveSessions } from './live-sessions.ts';
import { planSession, type TerminalPlan } from './plan.ts';
import { LiveSession } from './session.ts';
import { keepStartTree } from './start-tree.ts';

/** A session takes four. The others are for those who connect, and for what is asked of tmux. */
const SPARE_DESCRIPTORS = 24;

export interface BeginningsDeps {
  deps: SessionDeps;
  limits: SessionLimits;
  live: LiveSessions;
  chats: ReturnType<typeof createChats>;
  /** Sessions that are neither live nor over: they are just being found again. */
  others(): Iterable<string>;
}

export interface Beginnings extends Pick<SessionService, 'create' | 'adopt'> {
  /** Those under way. */
  ids(): Iterable<string>;
  /** When it is not under way, or not any more; whether that went well is no matter. */
  done(id: string): Promise<void>;
  /** Errors: those of `chats.fork` and `planFork`, conflict, too_many, unavailable. */
  fork(from: SessionRow, options: { id?: string; name?: string }): Promise<Session>;
  /** It has ended. Errors: those of `chats.resume`, too_many, unavailable. */
  resume(row: SessionRow): Promise<Session>;
  /** From now on there is none; resolves when those under way are done. */
  close(): Promise<void>;
}

export function createBeginnings({ deps, limits, live, chats, others }: BeginningsDeps): Beginnings {
  const { store, events } = deps;
  /** So that the same id twice at once is one session. */
  const creating = new Map<string, Promise<Session>>();
  let closing = false;

  const refuseMore = () => {
    if (closing) throw new AfieldError('unavailable', 'The home server is shutting down. Try again when it runs.');
    const taken = new Set([...live.ids(), ...others(), ...creating.keys()]).size;
    if (taken >= limits.liveSessions) throw new AfieldError('too_many', `${taken} sessions run already. Stop one, then start another.`);
    const files = deps.descriptors?.() ?? null;
    if (files === null || files.limit - files.open >= SPARE_DESCRIPTORS) return;
    const left = `This home server has ${files.open} of ${files.limit} files open that it may have`;
    throw new AfieldError(
      'too_many',
      `${left}: too few are left for another session. Stop one, or start it with a higher limit (ulimit -n).`,
    );
  };
  /** Noted while it is made. */
  const under = (id: string, make: () => Promise<Session>): Promise<Session> => {
    refuseMore();
    const made = make().finally(() => creating.delete(id));
    creating.set(id, made);
    return made;
  };
  /** The same id again, at the same time or later, is the same session. */
  const once = async (id: string, agent: string | undefined, make: () => Promise<Session>): Promise<Session> => {
    const begun = creating.get(id);
    if (begun !== undefined) return begun;
    const row = store.sessions.get(id);
    if (row === null) return under(id, make);
    if (agent === undefined || row.agent === agent) return live.view(live.get(id)?.row ?? row);
    throw new AfieldError('conflict', 'A session with this id exists already, with another agent.');
  };
  const begin = (recipe: Recipe, row: SessionRow): LiveSession => {
    store.sessions.insert({ ...row });
    if (row.project_id !== null) store.projects.update(row.project_id, { used_at: row.created_at });
    const screen = new Screen(row, limits.scrollback);
    const session = new LiveSession({
      deps,
      limits,
      recipe,
      row,
      screen,
      folder: join(deps.recordings, row.id),
      gone: (one) => live.gone(one),
    });
    live.add(session);
    return session;
  };

  const launch = async (id: string, input: SessionCreate): Promise<Session> => {
    const plan = await planSession(deps, id, input);
    return plan.face === 'chat' ? chats.launch(plan) : launchTerminal(id, plan);
  };
  const forkTerminal = async (of: SessionRow, id: string, name: string | undefined): Promise<Session> => {
    const plan = await planFork(deps, of, id, name);
    return launchTerminal(id, plan, `It begins with all that “${of.name}” knew.`);
  };
  /** `begins`: with what, for its log and its chat. */
  const launchTerminal = async (id: string, plan: TerminalPlan, begins?: string): Promise<Session> => {
    const { recipe, row, prompt, runtime, env } = plan;
    if (recipe.goesOn !== undefined) await keepGivenEnv(join(deps.recordings, id), env);
    const { command, fault } = await accompany(deps, plan);
    const session = begin(recipe, row);
    if (prompt !== null) store.prompts.insert(prompt);
    events.publish('session.created', id, { session: session.view() });
    if (prompt !== null) events.publish('message.state_changed', id, { prompt_id: prompt.id, state: 'home', reason: null });
    if (fault !== null) session.note(fault);
    if (begins !== undefined) session.begins(begins);
    keepStartTree(deps, row);
    await session.start(runtime, () => runtime.start(command, row));
    if (prompt !== null) session.prompted(prompt);
    return session.view();
  };

  const takeIn = async (id: string, input: AdoptionInput): Promise<Session> => {
    const { recipe, row, runtime } = await planAdoption(deps, live, id, input);
    const session = begin(recipe, row);
    events.publish('session.created', id, { session: session.view() });
    await session.start(runtime, async () => (await runtime.adopt(id, input)).process);
    return session.view();
  };

  return {
    ids: () => creating.keys(),
    async done(id) {
      await creating.get(id)?.catch(() => {});
    },
    async create(input) {
      const id = input.id ?? deps.newId();
      return once(id, input.agent, () => launch(id, input));
    },
    async adopt(input) {
      const id = input.id ?? deps.newId();
      return once(id, input.agent, () => takeIn(id, input));
    },
    async fork(from, options) {
      const id = options.id ?? deps.newId();
      const terminal = from.faces.includes('terminal');
      return once(id, from.agent, () => (terminal ? forkTerminal : chats.fork)(from, id, options.name));
    },
    async resume(row) {
      return creating.get(row.id) ?? under(row.id, () => chats.resume(row));
    },
    async close() {
      closing = true;
      await Promise.allSettled(creating.values());
    },
  };
}
