/** All sessions of this home server, running or over. Implements what handlers and link call. */
import { join } from 'node:path';
import { ENDED, type Session, type SessionCreate } from '@afield/shared/api/sessions.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { createChatFace, withTerminal } from '../chat/chat-face.ts';
import { createChats } from '../chat/chats.ts';
import { accompany } from '../chat/companion-plan.ts';
import { timestamp } from '../clock.ts';
import { DEFAULT_LIMITS, type SessionDeps } from '../deps.ts';
import { logPage } from '../history/log-pages.ts';
import type { Recipe, SessionRow } from '../ports.ts';
import { createQueue } from '../prompts/queue.ts';
import { asciicast } from '../recording/asciicast.ts';
import type { SessionService } from '../service.ts';
import { endedAttachment } from '../terminal/ended-attachment.ts';
import { lastScreen } from '../terminal/last-screen.ts';
import { Screen } from '../terminal/screen.ts';
import { type AdoptionInput, planAdoption, RELEASED } from './adoption.ts';
import { LOST_WITH_SERVER } from './ending.ts';
import { type Live, LiveSessions } from './live-sessions.ts';
import { pageOf, readCursor } from './page.ts';
import { planSession, type TerminalPlan } from './plan.ts';
import { purgeSession } from './purge.ts';
import { LiveSession } from './session.ts';
import { keepStartTree } from './start-tree.ts';
import { findStrays, reapStrays } from './strays.ts';
import { takeOver, watchForStrays } from './take-over.ts';

/** A call waits so long for a session that is just being found again. */
const REACH_MS = 3_000;
/** A session takes four. The others are for those who connect, and for what is asked of tmux. */
const SPARE_DESCRIPTORS = 24;

/** What an earlier server left unfinished is `lost` from now on, and its stray processes end, before the first call is answered. */
export function createSessions(deps: SessionDeps): SessionService {
  const { store, events, clock } = deps;
  const limits = { ...DEFAULT_LIMITS, ...deps.limits };
  const live = new LiveSessions(store.sessions, clock);
  const rowOf = (id: string) => live.rowOf(id);
  /** Creations under way, so that the same id twice at once is one session. */
  const creating = new Map<string, Promise<Session>>();
  let closing = false;

  const folder = (id: string) => join(deps.recordings, id);
  const view = (row: SessionRow): Session => live.view(row);
  const face = createChatFace(deps, live);
  const queue = createQueue(deps, {
    rowOf,
    live: (id) => live.get(id),
    running: (id) => running(id),
    takes: (id) => face.running(id)?.state.can ?? null,
  });
  const chats = createChats({ deps, limits, live });
  const { resumption, heartbeat } = takeOver(deps, limits, live, chats.takeOver);
  const known = () => [...live.ids(), ...resumption.ids(), ...creating.keys()];
  const straysWatch = watchForStrays(deps, known);

  /** One whose end was told a moment ago is waited for until everything about it is written. */
  const settled = async (id: string): Promise<void> => {
    const session = live.get(id);
    if (session !== null && ENDED.has(session.row.status)) await session.ended;
  };
  /** Once it can be watched. Errors: session_not_found, session_ended. */
  const running = async (id: string): Promise<Live> => {
    await resumption.drawn(id);
    const row = rowOf(id);
    const session = live.get(id);
    if (session !== null) return session;
    const then = row.faces.includes('terminal') ? 'Start a new one.' : 'Resume it, or start a new one.';
    throw new AfieldError('session_ended', `The session "${row.name}" has ended. ${then}`);
  };
  /** The same, and it was waited a moment for its program. */
  const reached = async (id: string): Promise<Live> => {
    const session = await running(id);
    await session.reached(REACH_MS);
    return session;
  };
  const terminalOf = (id: string): LiveSession | null => {
    const session = live.get(id);
    return session instanceof LiveSession ? session : null;
  };
  const screenOf = async (row: SessionRow): Promise<{ screen: Screen; dispose: () => void }> => {
    const session = terminalOf(withTerminal(row).id);
    if (session === null) {
      const screen = await lastScreen(folder(row.id), row, limits.scrollback);
      return { screen, dispose: () => screen.dispose() };
    }
    await session.terminal.screen.settled();
    return { screen: session.terminal.screen, dispose: () => {} };
  };

  const refuseMore = () => {
    if (closing) throw new AfieldError('unavailable', 'The home server is shutting down. Try again when it runs.');
    const taken = new Set(known()).size;
    if (taken >= limits.liveSessions) throw new AfieldError('too_many', `${taken} sessions run already. Stop one, then start another.`);
    const files = deps.descriptors?.() ?? null;
    if (files === null || files.limit - files.open >= SPARE_DESCRIPTORS) return;
    const left = `This home server has ${files.open} of ${files.limit} files open that it may have`;
    throw new AfieldError(
      'too_many',
      `${left}: too few are left for another session. Stop one, or start it with a higher limit (ulimit -n).`,
    );
  };
  /** The same id again, at the same time or later, is the same session. */
  const once = async (id: string, agent: string | undefined, make: () => Promise<Session>): Promise<Session> => {
    const begun = creating.get(id);
    if (begun !== undefined) return begun;
    const row = store.sessions.get(id);
    if (row === null) {
      refuseMore();
      const made = make().finally(() => creating.delete(id));
      creating.set(id, made);
      return made;
    }
    if (agent === undefined || row.agent === agent) return view(live.get(id)?.row ?? row);
    throw new AfieldError('conflict', 'A session with this id exists already, with another agent.');
  };
  const begin = (recipe: Recipe, row: SessionRow): LiveSession => {
    store.sessions.insert({ ...row });
    if (row.project_id !== null) store.projects.update(row.project_id, { used_at: row.created_at });
    const screen = new Screen(row, limits.scrollback);
    const session = new LiveSession({ deps, limits, recipe, row, screen, folder: folder(row.id), gone: (one) => live.gone(one) });
    live.add(session);
    return session;
  };

  const launch = async (id: string, input: SessionCreate): Promise<Session> => {
    const plan = await planSession(deps, id, input);
    return plan.face === 'chat' ? chats.launch(plan) : launchTerminal(id, plan);
  };
  const launchTerminal = async (id: string, plan: TerminalPlan): Promise<Session> => {
    const { recipe, row, prompt, runtime } = plan;
    const { command, fault } = await accompany(deps, plan);
    const session = begin(recipe, row);
    if (prompt !== null) store.prompts.insert(prompt);
    events.publish('session.created', id, { session: session.view() });
    if (prompt !== null) events.publish('message.state_changed', id, { prompt_id: prompt.id, state: 'home', reason: null });
    if (fault !== null) session.note(fault);
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
    async create(input) {
      const id = input.id ?? deps.newId();
      return once(id, input.agent, () => launch(id, input));
    },

    list({ cursor, limit, ...filter }) {
      const before = cursor === undefined ? {} : { before: readCursor(cursor) };
      const rows = store.sessions.list({ ...filter, ...before, limit: limit + 1 });
      return pageOf(rows, limit, (row) => view(row));
    },

    get: (id) => view(rowOf(id)),

    async update(id, { model, mode, ...changes }) {
      const session = live.get(id);
      if (session !== null) {
        await session.update({ ...changes, ...(model === undefined ? {} : { model }), ...(mode === undefined ? {} : { mode }) });
        return session.view();
      }
      const row = { ...rowOf(id), ...changes, updated_at: timestamp(clock) };
      if (model !== undefined || mode !== undefined)
        throw new AfieldError('session_ended', `The session "${row.name}" has ended. Resume it first.`);
      store.sessions.update(id, { ...changes, updated_at: row.updated_at });
      events.publish('session.renamed', id, { session: view(row) });
      return view(row);
    },

    async adopt(input) {
      const id = input.id ?? deps.newId();
      return once(id, input.agent, () => takeIn(id, input));
    },

    async release(id, by) {
      const session = await reached(id);
      if (session.row.adopted === null) {
        throw new AfieldError('conflict', `The session "${session.row.name}" was not adopted: it would have nobody. Stop it instead.`);
      }
      await session.release({ status: 'finished', reason: RELEASED }, by);
      return view(rowOf(id));
    },

    probe: async (id) => (await running(id)).probe(),

    async stop(id, by) {
      await creating.get(id)?.catch(() => {});
      rowOf(id);
      const session = await reached(id).catch(() => null);
      await session?.stop({ status: 'cancelled', reason: `Stopped by ${by}.` });
      return view(rowOf(id));
    },

    async purge(id) {
      await resumption.drawn(id);
      await settled(id);
      if (live.get(id) !== null) throw new AfieldError('conflict', 'The session still runs. Stop it first.');
      rowOf(id);
      await purgeSession(deps, id);
    },

    prompt: (id, input) => queue.take(id, input),

    async cancel(id) {
      const session = await reached(id);
      await session.cancel();
      return session.view();
    },

    async input(id, bytes) {
      (await reached(id)).input(bytes);
    },

    async resize(id, size, by) {
      const session = await reached(id);
      session.resize(size, by);
      return session.view();
    },

    async output(id, format, scrollback) {
      await resumption.drawn(id);
      const { screen, dispose } = await screenOf(rowOf(id));
      const { cols, rows, offset, cursor } = screen;
      const text = screen.render(format, Math.min(scrollback, limits.scrollback));
      dispose();
      return { cols, rows, offset, cursor, screen: text };
    },

    logs(id, query) {
      rowOf(id);
      return logPage(store.logs, id, query);
    },

    async *recording(id) {
      const row = withTerminal(rowOf(id));
      await terminalOf(id)?.terminal.recording?.flush();
      yield* asciicast(folder(id), { cols: row.cols, rows: row.rows, startedAt: Date.parse(row.created_at), title: row.name });
    },

    async attach(id, sink, options) {
      await resumption.drawn(id);
      const session = live.get(id);
      if (session !== null) return session.attach(sink, options);
      const { screen, dispose } = await screenOf(rowOf(id));
      const last = await screen.snapshot();
      const attachment = endedAttachment(sink, { cols: screen.cols, rows: screen.rows }, last);
      dispose();
      return attachment;
    },

    messages: face.messages,
    message: face.message,
    chat: face.chat,
    attachment: face.attachment,
    queue: queue.list,
    promptOf: queue.get,
    updateQueued: queue.update,
    withdraw: queue.withdraw,
    fork: (id, options) => {
      const fork = options.id ?? deps.newId();
      return once(fork, rowOf(id).agent, () => chats.fork(rowOf(id), fork, options.name));
    },
    async resume(id) {
      await settled(id);
      const row = rowOf(id);
      if (live.get(id) !== null) throw new AfieldError('conflict', `The session "${row.name}" has not ended.`);
      const begun = creating.get(id);
      if (begun !== undefined) return begun;
      refuseMore();
      const made = chats.resume(row).finally(() => creating.delete(id));
      creating.set(id, made);
      return made;
    },
    counts: () => store.sessions.counts(),
    lastInputAt: (id) => live.get(id)?.lastTypedAt ?? null,
    viewers: () => live.all().reduce((sum, session) => sum + session.viewers, 0),

    strays: () => findStrays(deps, known()),
    reap: () => reapStrays(deps, known()),

    async close() {
      closing = true;
      chats.close();
      straysWatch.cancel();
      resumption.stop();
      await Promise.allSettled(creating.values());
      heartbeat.stop();
      const lost = { status: 'lost' as const, reason: LOST_WITH_SERVER };
      await Promise.allSettled(live.all().map((session) => (session.survives ? session.leave() : session.stop(lost))));
    },
  };
}
