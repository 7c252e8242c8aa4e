import type { SessionRow, SessionStore } from './ports.ts';
import type { Disk } from './storage.ts';

/** Changes that a full disk does not take wait here and are written when there is room: how a session ended must not be forgotten. */
export function patientSessions(store: SessionStore, disk: Disk): SessionStore {
  const waiting = new Map<string, Partial<SessionRow>>();
  const now = (row: SessionRow): SessionRow => ({ ...row, ...waiting.get(row.id) });

  const update = (id: string, changes: Partial<SessionRow>) => {
    const all = { ...waiting.get(id), ...changes };
    try {
      store.update(id, all);
      waiting.delete(id);
    } catch (error) {
      if (!disk.failed(error)) throw error;
      waiting.set(id, all);
    }
  };
  disk.onChange((writing) => {
    if (writing) for (const id of [...waiting.keys()]) update(id, {});
  });

  return {
    ...store,
    update,
    get: (id) => {
      const row = store.get(id);
      return row === null ? null : now(row);
    },
    list: (filter) => store.list(filter).map(now),
    unfinished: () => store.unfinished().map(now),
    delete: (id) => {
      store.delete(id);
      waiting.delete(id);
    },
  };
}
