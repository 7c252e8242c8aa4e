import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AfieldError } from '@afield/shared/errors.ts';
import Database from 'better-sqlite3';
import { getTableConfig, type SQLiteTable } from 'drizzle-orm/sqlite-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MIGRATIONS } from './migrations.ts';
import * as schema from './schema.ts';
import { openStore, type Store } from './store.ts';

let folder: string;
let path: string;
const opened: Store[] = [];
const open = (at = path) => {
  const store = openStore(at);
  opened.push(store);
  return store;
};
const sha = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');
const failure = (run: () => unknown): AfieldError => {
  try {
    run();
  } catch (error) {
    return error as AfieldError;
  }
  throw new Error('it did not fail');
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'afield-store-'));
  path = join(folder, 'data', 'afield.db');
});
afterEach(() => {
  for (const store of opened.splice(0)) store.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the file', () => {
  it('is made with its folder, for its owner alone', () => {
    const store = open();
    store.meta.set('a', '1');
    expect(statSync(join(folder, 'data')).mode & 0o777).toBe(0o700);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(`${path}-wal`).mode & 0o777).toBe(0o600);
  });

  it('keeps what was written, and migrates only once', () => {
    const first = open();
    first.meta.set('colour', 'green');
    first.close();
    opened.pop();
    expect(open().meta.get('colour')).toBe('green');
  });

  it('is refused when a newer version wrote it, and not a byte changes', () => {
    open().close();
    opened.pop();
    const newer = new Database(path);
    newer.pragma('journal_mode = WAL');
    newer.pragma(`user_version = ${MIGRATIONS.length + 1}`);
    newer.close();
    const before = sha(path);
    const error = failure(() => openStore(path));
    expect(error.code).toBe('unavailable');
    expect(error.message).toMatch(/newer version/);
    expect(sha(path)).toBe(before);
    expect(readdirSync(join(folder, 'data'))).toEqual(['afield.db']);
  });

  it('is refused when the newer version stands in the write-ahead log only, as a crash leaves it', () => {
    open().close();
    opened.pop();
    const newer = new Database(path);
    newer.pragma('journal_mode = WAL');
    newer.pragma('wal_autocheckpoint = 0');
    newer.pragma(`user_version = ${MIGRATIONS.length + 7}`);
    const crashed = join(folder, 'crashed.db');
    writeFileSync(crashed, readFileSync(path));
    writeFileSync(`${crashed}-wal`, readFileSync(`${path}-wal`));
    newer.close();
    const before = [sha(crashed), sha(`${crashed}-wal`)];
    expect(failure(() => openStore(crashed)).message).toMatch(/newer version/);
    expect([sha(crashed), sha(`${crashed}-wal`)]).toEqual(before);
  });

  it('G3: is kept and named when it is no database', () => {
    open().close();
    opened.pop();
    writeFileSync(path, 'a shopping list, longer than the header of a database is: '.repeat(4));
    const before = sha(path);
    expect(failure(() => openStore(path)).message).toMatch(/cannot be read.*It was kept/);
    expect(sha(path)).toBe(before);
  });

  it('G3: is kept and named when its pages are garbage', () => {
    open().close();
    opened.pop();
    const bytes = readFileSync(path);
    bytes.fill(0x5a, 100);
    writeFileSync(path, bytes);
    expect(failure(() => openStore(path)).message).toMatch(/cannot be read.*It was kept/);
    expect(existsSync(path)).toBe(true);
  });

  it('G9: lets one server in at a time', { timeout: 15_000 }, () => {
    open();
    expect(failure(() => openStore(path)).message).toMatch(/Another Afield server/);
  });

  it('says what a quick check finds', () => {
    expect(open().check()).toBeNull();
  });
});

describe('transactions', () => {
  it('undo everything when something in them fails', () => {
    const store = open();
    const run = () => {
      store.meta.set('half', 'done');
      throw new Error('and then the lights went out');
    };
    expect(failure(() => store.atomically(run)).message).toMatch(/lights/);
    expect(failure(() => store.durably(run)).message).toMatch(/lights/);
    expect(store.meta.get('half')).toBeNull();
  });

  it('are synced to the disk when durable, and only then', () => {
    const store = open();
    const mode = () => store.db.get<{ synchronous: number }>('PRAGMA synchronous').synchronous;
    const [normal, full] = [1, 2];
    expect(mode()).toBe(normal);
    expect(store.durably(mode)).toBe(full);
    expect(mode()).toBe(normal);
  });
});

describe('the tables', () => {
  const tables = Object.values(schema) as SQLiteTable[];

  it.each(tables.map((table) => [getTableConfig(table).name, table] as const))('%s is made as the schema says', (name, table) => {
    const store = open();
    type Column = { name: string; type: string; notnull: number };
    const made = store.db.all<Column>(`PRAGMA table_info(${name})`).map((c) => ({ name: c.name, type: c.type, notNull: c.notnull === 1 }));
    const meant = getTableConfig(table).columns.map((c) => ({ name: c.name, type: c.getSQLType().toUpperCase(), notNull: c.notNull }));
    expect(made).toEqual(meant);
  });

  it('are all known to the schema', () => {
    const made = open().db.all<{ name: string }>(
      `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'logs_text%'`,
    );
    expect(made.map((t) => t.name).sort()).toEqual(tables.map((t) => getTableConfig(t).name).sort());
  });
});
