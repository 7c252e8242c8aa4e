/** Begins chats: new ones, forks of others, those that had ended, and those that an earlier server left. */
import { join } from 'node:path';
import { ENDED, type Session } from '@afield/shared/api/sessions.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { SessionDeps, SessionLimits } from '../deps.ts';
import type { SessionRow } from '../ports.ts';
import { LOST_WITH_SERVER } from '../sessions/ending.ts';
import type { LiveSessions } from '../sessions/live-sessions.ts';
import type { ChatPlan } from '../sessions/plan.ts';
import { treeInTime } from '../sessions/start-tree.ts';
import { ChatSession } from './chat-session.ts';
import { copyGivenEnv, copyItems, forkRow } from './fork.ts';
import { keepGivenEnv } from './launch.ts';
import { abilitiesOf, canGoOn, cutOpenItems, tellUntold, wasUsed } from './take-over-chat.ts';

const SERVER_ENDED = 'The home server ended while the agent worked. What it did last may be missing here.';
const UNCONFIRMED = 'The home server ended before the agent showed that it took the text. Look at its messages.';

export interface ChatsContext {
  deps: SessionDeps;
  limits: SessionLimits;
  live: LiveSessions;
}

export function createChats({ deps, limits, live }: ChatsContext) {
  const { store, events } = deps;
  const folder = (id: string) => join(deps.recordings, id);
  const take = (row: SessionRow): ChatSession => {
    const session = new ChatSession({
      deps,
      limits,
      row,
      folder: folder(row.id),
      used: wasUsed(deps, row.id),
      gone: (one) => live.gone(one),
    });
    live.add(session);
    return session;
  };
  const endOfNewDays = deps.usage.onNewDay?.(() => {
    for (const session of live.all()) session.budgeted();
  });

  return {
    close: () => endOfNewDays?.(),

    async launch({ row, prompt, env }: ChatPlan): Promise<Session> {
      await keepGivenEnv(folder(row.id), env);
      row.start_tree = await treeInTime(deps, row);
      store.sessions.insert({ ...row });
      if (row.project_id !== null) store.projects.update(row.project_id, { used_at: row.created_at });
      const session = take(row);
      if (prompt !== null) store.prompts.insert(prompt);
      events.publish('session.created', row.id, { session: session.view() });
      if (prompt !== null) events.publish('message.state_changed', row.id, { prompt_id: prompt.id, state: 'home', reason: null });
      await session.start({ resume: row.agent_session_id, fork: false });
      if (prompt !== null) session.prompted(prompt, false);
      return session.view();
    },

    /** Errors: session_not_found, not_supported, and those of a start. */
    async fork(of: SessionRow, id: string, name: string | undefined): Promise<Session> {
      const used = wasUsed(deps, of.id);
      const known = live.get(of.id);
      const can = known instanceof ChatSession ? known.state.can : abilitiesOf(deps, of);
      // A fork is another process, which goes on with what this one has kept.
      if (used && !(can?.fork && can.resume && of.agent_session_id !== null))
        throw unable(of, 'begin a new session with what this one knows');
      const row = forkRow(deps, of, id, name);
      await copyGivenEnv(folder(of.id), folder(id));
      row.start_tree = await treeInTime(deps, row);
      store.sessions.insert({ ...row });
      copyItems(deps, of.id, id);
      const session = take(row);
      events.publish('session.created', id, { session: session.view() });
      session.transcript.notice('info', `It begins with all that “${of.name}” knew.`);
      await session.start(used ? { resume: of.agent_session_id, fork: true } : { resume: null, fork: false });
      return session.view();
    },

    /** Errors: conflict, not_supported, and those of a start. */
    async resume(row: SessionRow): Promise<Session> {
      if (row.faces.includes('terminal')) {
        throw new AfieldError(
          'not_supported',
          `“${row.name}” had a terminal, which is over. A fork goes on with what it knew, as a new session.`,
        );
      }
      if (!canGoOn(deps, row)) throw unable(row, 'go on');
      if (!ENDED.has(row.status)) throw new AfieldError('conflict', `The session "${row.name}" has not ended.`);
      const session = take({ ...row, status: 'idle', status_reason: null, exit_code: null, ended_at: null });
      await session.again(row.status);
      return session.view();
    },

    /** What an earlier server left: when this returns, none pretends to work. */
    takeOver(rows: readonly SessionRow[]): void {
      const reaped = reapAll(deps, rows);
      for (const row of rows) {
        try {
          takeOverOne(row, reaped.get(row.machine)!);
        } catch (error) {
          deps.warn(`The chat of session ${row.id} could not be gone on with.`, error);
        }
      }
    },
  };

  function takeOverOne(row: SessionRow, reaped: Promise<unknown>): void {
    tellUntold(deps, row);
    const worked = cutOpenItems(deps, row) || row.status === 'busy' || row.status === 'waiting';
    const session = take(row);
    if (worked) session.transcript.notice('warning', SERVER_ENDED);
    if (canGoOn(deps, row)) session.goOn(UNCONFIRMED, reaped);
    else
      session.lose(UNCONFIRMED, row.agent_session_id === null ? LOST_WITH_SERVER : `${LOST_WITH_SERVER} Its agent cannot go on with it.`);
  }
}

const unable = ({ name }: SessionRow, what: string) =>
  new AfieldError('not_supported', `The agent of "${name}" cannot ${what}. Start a new session.`);

/** Ends what an earlier server left running for these, machine by machine. */
function reapAll({ machines }: SessionDeps, rows: readonly SessionRow[]): Map<string, Promise<unknown>> {
  const reaped = new Map<string, Promise<unknown>>();
  for (const [name, some] of Map.groupBy(rows, ({ machine }) => machine)) {
    const reaping = machines.runtime(name).then((runtime) => runtime.reap(some.map(({ id }) => id)));
    reaped.set(name, reaping);
  }
  return reaped;
}
