import { and, eq, ne } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { PushStore } from '../core/push.ts';
import { pushSubscriptions } from './schema.ts';

/** Web Push subscriptions: one row a device, one device an endpoint. */
export function pushStore(db: BetterSQLite3Database): PushStore {
  return {
    get: (device_id) => db.select().from(pushSubscriptions).where(eq(pushSubscriptions.device_id, device_id)).get() ?? null,
    list: () => db.select().from(pushSubscriptions).orderBy(pushSubscriptions.created_at, pushSubscriptions.device_id).all(),
    put: (row) =>
      db.transaction((tx) => {
        // A phone that was paired again has a new id and the old endpoint: without this it would be told everything twice.
        tx.delete(pushSubscriptions)
          .where(and(eq(pushSubscriptions.endpoint, row.endpoint), ne(pushSubscriptions.device_id, row.device_id)))
          .run();
        const { device_id: _, ...changes } = row;
        tx.insert(pushSubscriptions).values(row).onConflictDoUpdate({ target: pushSubscriptions.device_id, set: changes }).run();
      }),
    update: (device_id, changes) => {
      if (Object.keys(changes).length > 0) {
        db.update(pushSubscriptions).set(changes).where(eq(pushSubscriptions.device_id, device_id)).run();
      }
    },
    delete: (device_id) => {
      db.delete(pushSubscriptions).where(eq(pushSubscriptions.device_id, device_id)).run();
    },
  };
}
