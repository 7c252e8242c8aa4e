import { and, desc, eq, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { ProjectStore } from '../core/ports.ts';
import { projects } from './schema.ts';

export function projectStore(db: BetterSQLite3Database): ProjectStore {
  return {
    insert: (row) => db.insert(projects).values(row).onConflictDoNothing().run().changes === 1,
    get: (id) => db.select().from(projects).where(eq(projects.id, id)).get() ?? null,
    at: (machine, cwd) =>
      db
        .select()
        .from(projects)
        .where(and(eq(projects.machine, machine), eq(projects.cwd, cwd)))
        .get() ?? null,
    list: () =>
      db
        .select()
        .from(projects)
        .orderBy(desc(sql`coalesce(${projects.used_at}, ${projects.created_at})`), desc(projects.id))
        .all(),
    update: (id, changes) => {
      if (Object.keys(changes).length > 0) db.update(projects).set(changes).where(eq(projects.id, id)).run();
    },
    delete: (id) => db.delete(projects).where(eq(projects.id, id)).run().changes === 1,
  };
}
