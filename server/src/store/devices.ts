import { eq, sql } from 'drizzle-orm';
import { devices } from './schema.ts';
import type { Store } from './store.ts';

/** A paired device as it is kept. Keys are 32 bytes each; times ISO 8601 UTC. */
export type DeviceRow = typeof devices.$inferSelect;

/** What is written about devices must outlive a power cut: a revoked device must not come back with the light. */
export function deviceStore({ db, durably }: Pick<Store, 'db' | 'durably'>) {
  return {
    all: (): DeviceRow[] => db.select().from(devices).all(),
    /** Writes the row of a new device, in place of `replaced` if that is given, in one transaction. */
    insert: (row: DeviceRow, replaced: string | null): void => {
      durably(() => {
        if (replaced !== null) db.delete(devices).where(eq(devices.id, replaced)).run();
        db.insert(devices).values(row).run();
      });
    },
    rename: (id: string, name: string): void => {
      db.update(devices).set({ name }).where(eq(devices.id, id)).run();
    },
    seen: (id: string, at: string, app_version: string): void => {
      db.update(devices).set({ last_seen_at: at, app_version }).where(eq(devices.id, id)).run();
    },
    revoke: (id: string, at: string): void => {
      durably(() =>
        db
          .update(devices)
          .set({ revoked_at: at, epoch: sql`${devices.epoch} + 1` })
          .where(eq(devices.id, id))
          .run(),
      );
    },
  };
}
