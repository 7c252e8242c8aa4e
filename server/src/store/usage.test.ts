import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openStore, type Store } from './store.ts';

let folder: string;
let file: string;
let store: Store;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'afield-usage-rows-'));
  file = join(folder, 'afield.db');
  store = openStore(file);
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

const row = (n: number) => ({
  session_id: `s${n % 400}`,
  turn_id: `t${n}`,
  project_id: n % 3 === 0 ? null : `p${n % 7}`,
  agent: n % 2 === 0 ? 'claude' : 'codex',
  model: `m${n % 5}`,
  timestamp: new Date(Date.UTC(2026, 0, 1) + n * 60_000).toISOString(),
  input_tokens: 1_000,
  cached_tokens: 200,
  output_tokens: 50,
  cost_usd: n % 10 === 0 ? null : 0.01,
});

const client = () => (store.db as unknown as { $client: Database.Database }).$client;

/** What SQLite says about how it answers every statement that `run` prepares. */
function plans(run: () => void): string[] {
  const sqlite = client();
  const seen: string[] = [];
  const { prepare } = sqlite;
  sqlite.prepare = ((sql: string) => {
    seen.push(sql);
    return prepare.call(sqlite, sql);
  }) as typeof sqlite.prepare;
  try {
    run();
  } finally {
    sqlite.prepare = prepare;
  }
  return seen
    .flatMap((sql) => sqlite.prepare(`EXPLAIN QUERY PLAN ${sql.replaceAll('?', "'2026-01-05'")}`).all() as { detail: string }[])
    .map(({ detail }) => detail)
    .filter((detail) => /^(SEARCH|SCAN)/.test(detail));
}

it('of 100,000 turns only those of the asked days are read, from the index alone', () => {
  client().exec(`WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 99999)
    INSERT INTO usage SELECT 's' || (n % 400), 't' || n, 'p' || (n % 7), 'claude', 'm' || (n % 5),
      strftime('%Y-%m-%dT%H:%M:%fZ', '2026-01-01', n || ' minutes'), 1000, 200, 50, CASE WHEN n % 10 = 0 THEN NULL ELSE 0.01 END FROM n`);
  const days = { from: '2026-01-05', to: '2026-01-05' };
  const read = plans(() => {
    for (const by of ['day', 'model', 'agent', 'project', 'session'] as const) store.usage.sums({ by, ...days, limit: 1_000 });
    store.usage.total(days);
  });
  expect(read).toEqual(Array(6).fill('SEARCH usage USING COVERING INDEX usage_time (timestamp>? AND timestamp<?)'));
  expect(store.usage.total(days)).toMatchObject({ turns: 1_440, unpriced_turns: 144 });
  expect(store.usage.sums({ by: 'session', from: '2026-01-01', to: '2026-12-31', limit: 10 })).toHaveLength(10);
});

it('turns of a session are found by its key, whatever else there is', () => {
  for (let n = 0; n < 900; n++) store.usage.put(row(n));
  const read = plans(() => {
    store.usage.ofSession('s7');
    store.usage.get('s7', 't7');
  });
  expect(read).toHaveLength(2);
  for (const detail of read) expect(detail).toMatch(/^SEARCH usage USING PRIMARY KEY \(session_id=\?/);
});

it('the same turn again replaces the row, and moves to the day on which it ended', () => {
  store.usage.put(row(1));
  store.usage.put({ ...row(1), timestamp: '2026-02-01T00:00:00.000Z', cost_usd: 7 });
  expect(store.usage.total({ from: '2026-01-01', to: '2026-01-31' }).turns).toBe(0);
  expect(store.usage.total({ from: '2026-02-01', to: '2026-02-01' })).toMatchObject({ turns: 1, cost_usd: 7 });
  expect(store.usage.get('s1', 't1')?.cost_usd).toBe(7);
  expect(store.usage.get('s1', 't2')).toBeNull();
});

it('the first and the last moment of a day are of that day', () => {
  store.usage.put({ ...row(1), timestamp: '2026-01-05T00:00:00.000Z' });
  store.usage.put({ ...row(2), timestamp: '2026-01-05T23:59:59.999Z' });
  store.usage.put({ ...row(3), timestamp: '2026-01-06T00:00:00.000Z' });
  expect(store.usage.total({ from: '2026-01-05', to: '2026-01-05' }).turns).toBe(2);
});

it('the oldest go when there are too many, whatever the clock says', () => {
  for (let n = 0; n < 20; n++) store.usage.put(row(n));
  store.usage.prune(20);
  expect(store.usage.total({ from: '2026-01-01', to: '2026-01-31' }).turns).toBe(20);
  store.usage.prune(5);
  expect(store.usage.total({ from: '2026-01-01', to: '2026-01-31' }).turns).toBe(5);
  expect(store.usage.get('s19', 't19')).not.toBeNull();
});
