/** All sessions of this home server, running or over. Implements what handlers and link call. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LOCAL_MACHINE } from '@afield/shared/api/base.ts';
import type { Session, SessionCreate } from '@afield/shared/api/sessions.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { asciicast } from './asciicast.ts';
import { timestamp } from './clock.ts';
import { DEFAULT_LIMITS, type SessionDeps } from './deps.ts';
import { endedAttachment } from './ended-attachment.ts';
import { LOST_WITH_SERVER } from './ending.ts';
import { lastScreen } from './last-screen.ts';
import type { SessionRow } from './ports.ts';
import { cleanPrompt } from './prompt-text.ts';
import { promptView } from './prompts.ts';
import { Screen } from './screen.ts';
import type { SessionService } from './service.ts';
import { LiveSession } from './session.ts';
import { pageOf, readCursor } from './session-page.ts';
import { planSession } from './session-plan.ts';
import { viewOf } from './session-record.ts';
import { emptyTrack, type Track } from './track.ts';

/** Tracks of ended sessions that are remembered: more than a list shows. */
const KEPT_TRACKS = 200;

/** What an earlier server left unfinished is `lost` from now on, and its stray processes end, before the first call is answered. */
export function createSessions(deps: SessionDeps): SessionService {
  const { store, events, clock } = deps;
  const limits = { ...DEFAULT_LIMITS, ...deps.limits };
  const live = new Map<string, LiveSession>();
  /** Creations under way, so that the same id twice at once is one session. */
  const creating = new Map<string, Promise<Session>>();
  /** Of sessions that ended a short while ago. */
  const tracks = new Map<string, Track>();
  let closing = false;

  const folder = (id: string) => join(deps.recordings, id);

  const rowOf = (id: string): SessionRow => {
    const row = live.get(id)?.row ?? store.sessions.get(id);
    if (row !== null) return row;
    throw new AfieldError('session_not_found', `There is no session ${id}. It may have been deleted.`);
  };
  const view = (row: SessionRow): Session => {
    const running = live.get(row.id);
    if (running !== undefined) return running.view();
    return viewOf(row, {
      attach_command: null,
      lease: null,
      viewers: 0,
      track: tracks.get(row.id)?.bars(clock.monotonic()) ?? emptyTrack(),
      survives_restart: row.runtime !== 'pty',
    });
  };
  const running = (id: string): LiveSession => {
    const row = rowOf(id);
    const session = live.get(id);
    if (session !== undefined) return session;
    throw new AfieldError('session_ended', `The session "${row.name}" has ended. Start a new one.`);
  };
  const screenOf = async (row: SessionRow): Promise<{ screen: Screen; dispose: () => void }> => {
    const session = live.get(row.id);
    if (session === undefined) {
      const screen = await lastScreen(folder(row.id), row, limits.scrollback);
      return { screen, dispose: () => screen.dispose() };
    }
    await session.terminal.screen.settled();
    return { screen: session.terminal.screen, dispose: () => {} };
  };

  const gone = (session: LiveSession) => {
    live.delete(session.row.id);
    tracks.set(session.row.id, session.track);
    const oldest = tracks.size > KEPT_TRACKS ? tracks.keys().next() : null;
    if (oldest !== null && oldest.done !== true) tracks.delete(oldest.value);
  };

  const launch = async (id: string, input: SessionCreate): Promise<Session> => {
    const taken = new Set([...live.keys(), ...creating.keys()]).size;
    if (taken >= limits.liveSessions) {
      throw new AfieldError('too_many', `${taken} sessions run already. Stop one, then start another.`);
    }
    const { recipe, project, row, prompt, command, runtime } = await planSession(deps, id, input);
    store.sessions.insert({ ...row });
    if (prompt !== null) store.prompts.insert(prompt);
    if (project !== null) store.projects.update(project.id, { used_at: row.created_at });
    const session = new LiveSession({ deps, limits, recipe, row, screen: new Screen(row, limits.scrollback), folder: folder(id), gone });
    live.set(id, session);
    events.publish('session.created', id, { session: session.view() });
    if (prompt !== null) events.publish('message.state_changed', id, { prompt_id: prompt.id, state: 'home', reason: null });
    await session.start(runtime, () => runtime.start(command, row));
    if (prompt !== null) session.prompted(prompt);
    return session.view();
  };

  const loseUnfinished = () => {
    const rows = store.sessions.unfinished();
    const now = timestamp(clock);
    for (const row of rows) {
      const changes = { status: 'lost' as const, status_reason: LOST_WITH_SERVER, pid: null, ended_at: now, updated_at: now };
      store.sessions.update(row.id, changes);
      for (const prompt of store.prompts.undelivered(row.id)) {
        store.prompts.setState(prompt.id, 'stuck', LOST_WITH_SERVER);
        events.publish('message.state_changed', row.id, { prompt_id: prompt.id, state: 'stuck', reason: LOST_WITH_SERVER });
      }
      events.publish('session.status_changed', row.id, { session: view({ ...row, ...changes }), previous: row.status });
    }
    if (rows.length === 0) return;
    const reap = async () => {
      const runtime = await deps.machines.runtime(LOCAL_MACHINE);
      await runtime.reap(rows.map((row) => row.id));
    };
    reap().catch((error: unknown) => deps.warn('Strays could not be looked for.', error));
  };
  loseUnfinished();

  return {
    async create(input) {
      if (closing) throw new AfieldError('unavailable', 'The home server is shutting down. Try again when it runs.');
      const id = input.id ?? deps.newId();
      const known = creating.get(id);
      if (known !== undefined) return known;
      const row = store.sessions.get(id);
      if (row !== null) {
        if (row.agent === input.agent) return view(live.get(id)?.row ?? row);
        throw new AfieldError('conflict', 'A session with this id exists already, with another agent.');
      }
      const made = launch(id, input).finally(() => creating.delete(id));
      creating.set(id, made);
      return made;
    },

    list({ cursor, limit, ...filter }) {
      const before = cursor === undefined ? {} : { before: readCursor(cursor) };
      const rows = store.sessions.list({ ...filter, ...before, limit: limit + 1 });
      return pageOf(rows, limit, (row) => view(live.get(row.id)?.row ?? row));
    },

    get: (id) => view(rowOf(id)),

    update(id, changes) {
      const session = live.get(id);
      if (session !== undefined) {
        session.update(changes);
        return session.view();
      }
      const row = { ...rowOf(id), ...changes, updated_at: timestamp(clock) };
      store.sessions.update(id, { ...changes, updated_at: row.updated_at });
      events.publish('session.renamed', id, { session: view(row) });
      return view(row);
    },

    async adopt() {
      throw new AfieldError('unavailable', 'Not yet.');
    },

    async release() {
      throw new AfieldError('unavailable', 'Not yet.');
    },

    async probe() {
      throw new AfieldError('unavailable', 'Not yet.');
    },

    async stop(id, by) {
      await creating.get(id)?.catch(() => {});
      rowOf(id);
      await live.get(id)?.stop({ status: 'cancelled', reason: `Stopped by ${by}.` });
      return view(rowOf(id));
    },

    async purge(id) {
      if (live.has(id)) throw new AfieldError('conflict', 'The session still runs. Stop it first.');
      rowOf(id);
      store.sessions.delete(id);
      store.prompts.purge(id);
      store.events.purge(id);
      await rm(folder(id), { recursive: true, force: true });
      events.publish('session.deleted', id, {});
    },

    async prompt(id, { id: prompt_id, content }) {
      const known = store.prompts.get(prompt_id);
      if (known !== null) {
        if (known.session_id === id && known.content === content) return promptView(known);
        if (known.session_id === id)
          throw new AfieldError('conflict', 'A prompt with this id was given already, with another text. Give the new one a new id.');
        throw new AfieldError('conflict', 'A prompt with this id was given to another session.');
      }
      const session = running(id);
      if (cleanPrompt(content) === '') throw new AfieldError('bad_request', 'The prompt holds no text.');
      const row = { id: prompt_id, session_id: id, content, state: 'home' as const, reason: null, created_at: timestamp(clock) };
      store.prompts.insert(row);
      events.publish('message.state_changed', id, { prompt_id, state: 'home', reason: null });
      session.prompted(row);
      return promptView(row);
    },

    async cancel(id) {
      const session = running(id);
      await session.cancel();
      return session.view();
    },

    input: (id, bytes) => running(id).input(bytes),

    resize(id, size, by) {
      const session = running(id);
      session.resize(size, by);
      return session.view();
    },

    async output(id, format, scrollback) {
      const { screen, dispose } = await screenOf(rowOf(id));
      const { cols, rows, offset, cursor } = screen;
      const text = screen.render(format, Math.min(scrollback, limits.scrollback));
      dispose();
      return { cols, rows, offset, cursor, screen: text };
    },

    logs(id, { cursor, type, limit, since, before, oldest = false, q }) {
      rowOf(id);
      if (cursor !== undefined && !/^\d{1,15}$/.test(cursor)) throw new AfieldError('bad_request', 'This cursor is not one of ours.');
      // The next page lies on that side of the cursor to which this one goes.
      const at = cursor === undefined ? undefined : Number(cursor);
      const found = store.events.logs({
        session_id: id,
        limit: limit + 1,
        oldest,
        before: oldest ? before : (at ?? before),
        since: oldest ? (at ?? since) : since,
        ...(type === undefined ? {} : { types: type }),
        ...(q === undefined ? {} : { q }),
      });
      const page = found.slice(0, limit);
      const next_cursor = found.length > limit ? String(page.at(-1)!.seq) : null;
      if (!oldest) page.reverse();
      return { items: page.flatMap((event) => (event.type === 'log' ? [event.payload.entry] : [])), next_cursor };
    },

    async *recording(id) {
      const row = rowOf(id);
      await live.get(id)?.terminal.recording?.flush();
      yield* asciicast(folder(id), { cols: row.cols, rows: row.rows, startedAt: Date.parse(row.created_at), title: row.name });
    },

    async attach(id, sink, options) {
      const session = live.get(id);
      if (session !== undefined) return session.attach(sink, options);
      const { screen, dispose } = await screenOf(rowOf(id));
      const last = await screen.snapshot();
      const attachment = endedAttachment(sink, { cols: screen.cols, rows: screen.rows }, last);
      dispose();
      return attachment;
    },

    counts: () => store.sessions.counts(),
    lastInputAt: (id) => live.get(id)?.lastTypedAt ?? null,
    viewers: () => [...live.values()].reduce((sum, session) => sum + session.terminal.viewers, 0),

    async close() {
      closing = true;
      await Promise.allSettled(creating.values());
      await Promise.allSettled([...live.values()].map((session) => session.stop({ status: 'lost', reason: LOST_WITH_SERVER })));
    },
  };
}
