import { and, asc, desc, eq, gte, lte, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { UsageStore } from '../core/chat-stores.ts';
import { usage } from './schema.ts';

const SUM = {
  turns: sql<number>`count(*)`,
  input_tokens: sql<number>`coalesce(sum(${usage.input_tokens}), 0)`,
  cached_tokens: sql<number>`coalesce(sum(${usage.cached_tokens}), 0)`,
  output_tokens: sql<number>`coalesce(sum(${usage.output_tokens}), 0)`,
  // Null when no turn has a cost.
  cost_usd: sql<number | null>`sum(${usage.cost_usd})`,
  unpriced_turns: sql<number>`count(*) - count(${usage.cost_usd})`,
};
const KEYS = {
  day: sql<string>`substr(${usage.timestamp}, 1, 10)`,
  model: sql<string>`coalesce(${usage.model}, '')`,
  agent: sql<string>`${usage.agent}`,
  project: sql<string>`coalesce(${usage.project_id}, '')`,
  session: sql<string>`${usage.session_id}`,
};
/** From the first moment of a day to the last of another, as text that sorts with timestamps. */
const within = (from: string, to: string) => and(gte(usage.timestamp, from), lte(usage.timestamp, `${to}T23:59:59.999Z`));

export function usageStore(db: BetterSQLite3Database): UsageStore {
  return {
    put: (row) => {
      db.insert(usage)
        .values(row)
        .onConflictDoUpdate({ target: [usage.session_id, usage.turn_id], set: row })
        .run();
    },
    get: (session_id, turn_id) =>
      db
        .select()
        .from(usage)
        .where(and(eq(usage.session_id, session_id), eq(usage.turn_id, turn_id)))
        .get() ?? null,
    sums: ({ by, from, to, limit }) =>
      db
        .select({ key: KEYS[by], ...SUM })
        .from(usage)
        .where(within(from, to))
        .groupBy(KEYS[by])
        .orderBy(...(by === 'day' ? [asc(KEYS.day)] : [desc(SUM.cost_usd), desc(SUM.output_tokens)]))
        .limit(limit)
        .all()
        .map(({ key, ...sum }) => ({ key, sum })),
    total: ({ from, to }) => db.select(SUM).from(usage).where(within(from, to)).get()!,
    ofSession: (session_id) =>
      db
        .select({ model: KEYS.model, ...SUM })
        .from(usage)
        .where(eq(usage.session_id, session_id))
        .groupBy(KEYS.model)
        .orderBy(desc(SUM.cost_usd), desc(SUM.output_tokens))
        .all()
        .map(({ model, ...sum }) => ({ model, sum })),
    prune: (keep) => {
      const oldest = db.select({ at: usage.timestamp }).from(usage).orderBy(desc(usage.timestamp)).limit(1).offset(keep).get();
      if (oldest !== undefined) db.delete(usage).where(lte(usage.timestamp, oldest.at)).run();
    },
  };
}
