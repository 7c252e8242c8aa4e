import { ENDED } from '@afield/shared/api/sessions.ts';
import type { Disk } from '../history/storage.ts';
import type { SessionRow, SessionStore } from '../ports.ts';

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
    // One whose end could not be written may be deleted all the same: that makes room.
    ended: (after, limit) => {
      const rows = new Map(store.ended(after, limit).map((row) => [row.id, row]));
      for (const id of waiting.keys()) {
        const row = store.get(id);
        if (row !== null && isLater(now(row), after)) rows.set(id, row);
      }
      const all = [...rows.values()].map(now).filter(({ pinned }) => !pinned);
      return all.sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1)).slice(0, limit);
    },
    delete: (id) => {
      store.delete(id);
      waiting.delete(id);
    },
  };
}

type Place = { ended_at: string; id: string };

const placeOf = (row: SessionRow | Place) => `${row.ended_at} ${row.id}`;

/** It has ended, and stands after that place in the order of ends. */
function isLater(row: SessionRow, after: Place | null): boolean {
  return ENDED.has(row.status) && row.ended_at !== null && (after === null || placeOf(row) > placeOf(after));
}
