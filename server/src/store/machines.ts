import { asc, eq } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { MachineStore } from '../core/ports.ts';
import { machines } from './schema.ts';

export function machineStore(db: BetterSQLite3Database): MachineStore {
  return {
    insert: (row) => db.insert(machines).values(row).onConflictDoNothing().run().changes === 1,
    list: () => db.select().from(machines).orderBy(asc(machines.created_at), asc(machines.name)).all(),
    delete: (name) => db.delete(machines).where(eq(machines.name, name)).run().changes === 1,
  };
}
