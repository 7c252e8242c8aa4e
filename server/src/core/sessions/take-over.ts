/** What an earlier server left behind: sessions that ended with it are `lost`, those that outlived it are found again. */
import { LOCAL_MACHINE } from '@afield/shared/api/base.ts';
import { cutOpenItems } from '../chat/take-over-chat.ts';
import { timestamp } from '../clock.ts';
import type { SessionDeps, SessionLimits } from '../deps.ts';
import { type Heartbeat, startHeartbeat } from '../heartbeat.ts';
import type { SessionRow } from '../ports.ts';
import { LOST_WITH_SERVER } from './ending.ts';
import type { LiveSessions } from './live-sessions.ts';
import { Resumption } from './resume.ts';
import { findStrays, straysText } from './strays.ts';

/** Looked for after everything else is done. */
const STRAYS_MS = 3_000;
/** Longer than a heartbeat. */
const LAST_MINUTE_MS = 60_000;
const MAX_FORGOTTEN = 500;

export interface Legacy {
  resumption: Resumption;
  heartbeat: Heartbeat;
}

/** When this returns, no session is left that pretends to run. `chats`: goes on with those that have no terminal. */
export function takeOver(deps: SessionDeps, limits: SessionLimits, live: LiveSessions, chats: (rows: SessionRow[]) => void): Legacy {
  const unfinished = deps.store.sessions.unfinished();
  const rows = unfinished.filter((row) => row.faces.includes('terminal'));
  chats(unfinished.filter((row) => !row.faces.includes('terminal')));
  const ended = rows.filter((row) => row.runtime === 'pty');
  for (const row of ended) lose(deps, live, row);
  if (ended.length > 0) reap(deps, ended).catch((error: unknown) => deps.warn('Strays could not be looked for.', error));

  const lastSeen = Math.max(0, ...rows.map((row) => Date.parse(row.updated_at)));
  const heartbeat = startHeartbeat(deps, () => live.all().some((session) => session.survives), lastSeen);
  const survivors = rows.filter((row) => row.runtime !== 'pty');
  forgetEnded(deps, heartbeat.aliveAt).catch((error: unknown) => deps.warn('What ended sessions left could not be removed.', error));
  return { heartbeat, resumption: new Resumption(survivors, { deps, limits, live, awayMs: heartbeat.awayMs }) };
}

/** Tells whoever runs the server of programs that were left over. `live`: sessions that run at that moment. Returns how to give up. */
export function watchForStrays(deps: SessionDeps, live: () => readonly string[]): { cancel(): void } {
  return deps.clock.setTimeout(() => {
    findStrays(deps, live())
      .then((found) => {
        if (found.length > 0) deps.warn(`${straysText(found)} afield doctor --reap ends them.`);
      })
      .catch((error: unknown) => deps.warn('Strays could not be looked for.', error));
  }, STRAYS_MS);
}

function lose(deps: SessionDeps, live: LiveSessions, row: SessionRow): void {
  const { store, events, clock } = deps;
  const now = timestamp(clock);
  const changes = { status: 'lost' as const, status_reason: LOST_WITH_SERVER, pid: null, ended_at: now, updated_at: now };
  store.sessions.update(row.id, changes);
  if (row.faces.includes('chat')) cutOpenItems(deps, row);
  for (const prompt of [...store.prompts.unconfirmed(row.id), ...store.prompts.undelivered(row.id)]) {
    store.prompts.setState(prompt.id, 'stuck', LOST_WITH_SERVER);
    events.publish('message.state_changed', row.id, { prompt_id: prompt.id, state: 'stuck', reason: LOST_WITH_SERVER });
  }
  events.publish('session.status_changed', row.id, { session: live.view({ ...row, ...changes }), previous: row.status });
}

/** An earlier server that died right after it wrote down an end could not tell the runtime any more. */
async function forgetEnded({ store, machines }: SessionDeps, aliveAt: number): Promise<void> {
  const rows = store.sessions.endedSince(new Date(Math.max(0, aliveAt - LAST_MINUTE_MS)).toISOString(), MAX_FORGOTTEN);
  for (const { id, machine, runtime: name } of rows) {
    if (name === 'pty' || machines.get(machine)?.line.state !== 'up') continue;
    const runtime = await machines.runtime(machine);
    if (runtime.name === name) await runtime.forget?.(id);
  }
}

async function reap({ machines }: SessionDeps, rows: readonly SessionRow[]): Promise<void> {
  const runtime = await machines.runtime(LOCAL_MACHINE);
  await runtime.reap(rows.map((row) => row.id));
}
