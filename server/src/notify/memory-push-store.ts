import type { PushRow, PushStore } from '../core/push.ts';

/** Subscriptions for tests that need no database. */
export function memoryPushStore(): PushStore {
  const rows = new Map<string, PushRow>();
  return {
    get: (device_id) => rows.get(device_id) ?? null,
    list: () => [...rows.values()],
    put: (row) => {
      rows.set(row.device_id, row);
    },
    update: (device_id, changes) => {
      const row = rows.get(device_id);
      if (row !== undefined) rows.set(device_id, { ...row, ...changes });
    },
    delete: (device_id) => {
      rows.delete(device_id);
    },
  };
}
