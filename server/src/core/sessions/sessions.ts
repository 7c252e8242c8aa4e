/** All sessions of this home server, running or over. Implements what handlers and link call. */
import { join } from 'node:path';
import { ENDED, type Session } from '@afield/shared/api/sessions.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { createChatFace, withTerminal } from '../chat/chat-face.ts';
import { createChats } from '../chat/chats.ts';
import { timestamp } from '../clock.ts';
import { DEFAULT_LIMITS, type SessionDeps } from '../deps.ts';
import { logPage } from '../history/log-pages.ts';
import type { SessionRow } from '../ports.ts';
import { createQueue } from '../prompts/queue.ts';
import { asciicast } from '../recording/asciicast.ts';
import type { SessionService } from '../service.ts';
import { endedAttachment } from '../terminal/ended-attachment.ts';
import { lastScreen } from '../terminal/last-screen.ts';
import type { Screen } from '../terminal/screen.ts';
import { RELEASED } from './adoption.ts';
import { createBeginnings } from './beginnings.ts';
import { LOST_WITH_SERVER } from './ending.ts';
import { type Live, LiveSessions } from './live-sessions.ts';
import { pageOf, readCursor } from './page.ts';
import { purgeSession } from './purge.ts';
import { LiveSession } from './session.ts';
import { findStrays, reapStrays } from './strays.ts';
import { takeOver, watchForStrays } from './take-over.ts';

/** A call waits so long for a session that is just being found again. */
const REACH_MS = 3_000;

/** What an earlier server left unfinished is `lost` from now on, and its stray processes end, before the first call is answered. */
export function createSessions(deps: SessionDeps): SessionService {
  const { store, events, clock } = deps;
  const limits = { ...DEFAULT_LIMITS, ...deps.limits };
  const live = new LiveSessions(store.sessions, clock);
  const rowOf = (id: string) => live.rowOf(id);

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
  const beginnings = createBeginnings({ deps, limits, live, chats, others: () => resumption.ids() });
  const known = () => [...live.ids(), ...resumption.ids(), ...beginnings.ids()];
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
    const again = row.faces.includes('terminal') ? (row.agent_session_id === null ? 'Start' : 'Fork it, or start') : 'Resume it, or start';
    throw new AfieldError('session_ended', `The session "${row.name}" has ended. ${again} a new one.`);
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

  return {
    create: beginnings.create,

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

    adopt: beginnings.adopt,

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
      await beginnings.done(id);
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
    fork: (id, options) => beginnings.fork(rowOf(id), options),
    async resume(id) {
      await settled(id);
      const row = rowOf(id);
      if (live.get(id) !== null) throw new AfieldError('conflict', `The session "${row.name}" has not ended.`);
      return beginnings.resume(row);
    },
    counts: () => store.sessions.counts(),
    lastInputAt: (id) => live.get(id)?.lastTypedAt ?? null,
    viewers: () => live.all().reduce((sum, session) => sum + session.viewers, 0),

    strays: () => findStrays(deps, known()),
    reap: () => reapStrays(deps, known()),

    async close() {
      const begun = beginnings.close();
      chats.close();
      straysWatch.cancel();
      resumption.stop();
      await begun;
      heartbeat.stop();
      const lost = { status: 'lost' as const, reason: LOST_WITH_SERVER };
      await Promise.allSettled(live.all().map((session) => (session.survives ? session.leave() : session.stop(lost))));
    },
  };
}
