/** Deletes a session with everything that is known of it: at once for whoever looks, on disk in steps that nobody notices. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as othersFirst } from 'node:timers/promises';
import type { ApprovalStore, ChatStore } from '../chat-stores.ts';
import type { EventStore, LogStore, PromptStore, PurgeStore, SessionStore } from '../ports.ts';
import type { EventLog } from '../service.ts';

/** Rows that are deleted between two turns of others: about a millisecond. */
const STEP_ROWS = 100;

export interface PurgeDeps {
  store: {
    sessions: SessionStore;
    prompts: PromptStore;
    chat: Pick<ChatStore, 'purge'>;
    approvals: Pick<ApprovalStore, 'purge'>;
    events: EventStore;
    logs: LogStore;
    purges: PurgeStore;
  };
  events: EventLog;
  /** Folder of the recordings. */
  recordings: string;
  /** Stops between two steps; the next server goes on. */
  closing?: AbortSignal;
}

/** Resolves when nothing is left of it. When the server ends on the way, `finishPurges` of the next one goes on. */
export async function purgeSession(deps: PurgeDeps, id: string): Promise<void> {
  const { store, events } = deps;
  store.purges.add(id);
  store.sessions.delete(id);
  events.publish('session.deleted', id, {});
  await finish(deps, id);
}

/** What an earlier server did not finish. */
export async function finishPurges(deps: PurgeDeps): Promise<void> {
  for (const id of deps.store.purges.list()) await finish(deps, id);
}

async function finish({ store, recordings, closing }: PurgeDeps, id: string): Promise<void> {
  store.sessions.delete(id);
  store.prompts.purge(id);
  for (const table of [store.chat, store.approvals, store.logs, store.events]) {
    do {
      await othersFirst();
      if (closing?.aborted === true) return;
    } while (table.purge(id, STEP_ROWS) === STEP_ROWS);
  }
  await rm(join(recordings, id), { recursive: true, force: true });
  store.purges.done(id);
}
