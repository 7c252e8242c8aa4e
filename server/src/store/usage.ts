import { and, asc, desc, eq, gte, lt, sql } from 'drizzle-orm';
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
/** The first moment after a day, as text that sorts with timestamps. */
const after = (day: string) => new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString();
const within = (from: string, to: string) => and(gte(usage.timestamp, from), lt(usage.timestamp, after(to)));

export function usageStore(db: BetterSQLite3Database): UsageStore {
  return {
    put: (row) => {
      db.insert(usage)
        .values(row)
        .onConflictDoUpdate({ target: [usage.session_id, usage.turn_id], set: row })
        .run();
    },
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
    ofSession: (session_id) => ({
      sum: db.select(SUM).from(usage).where(eq(usage.session_id, session_id)).get()!,
      models: db
        .select({ model: KEYS.model, ...SUM })
        .from(usage)
        .where(eq(usage.session_id, session_id))
        .groupBy(KEYS.model)
        .all()
        .map(({ model, ...sum }) => ({ model, sum })),
    }),
  };
}
