/** Databases of earlier formats, as they lie on the disk of somebody who updates. */
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AfieldError } from '@afield/shared/errors.ts';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MIGRATIONS } from './migrations.ts';
import { openStore, type Store, type UpgradeOptions, upgradeStore } from './store.ts';

const NOW = new Date('2026-11-20T12:34:56.789Z');
const COPY = 'afield.db.before-9.9.9-20261120T123456Z';
const EARLIER = MIGRATIONS.map((_, steps) => steps).slice(1);

let folder: string;
let file: string;
const opened: Store[] = [];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'afield-backup-'));
  file = path.join(folder, 'afield.db');
});
afterEach(() => {
  for (const store of opened.splice(0)) store.close();
  rmSync(folder, { recursive: true, force: true });
});

const upgrade = async (options: Partial<UpgradeOptions> = {}): Promise<Store> => {
  const store = await upgradeStore(file, { version: '9.9.9', now: () => NOW, ...options });
  opened.push(store);
  return store;
};
const refusal = (options: Partial<UpgradeOptions> = {}) =>
  upgrade(options).then(
    () => new AfieldError('internal', 'It was opened.'),
    (error: unknown) => error as AfieldError,
  );
const copies = () => readdirSync(folder).filter((name) => name.includes('before'));
const contents = () =>
  readdirSync(folder).map((name) => [
    name,
    createHash('sha256')
      .update(readFileSync(path.join(folder, name)))
      .digest('hex'),
  ]);

/** As an earlier version left it. `running`: it was killed, so that its last words stand in the write-ahead log only. */
function earlier(steps: number, { killed = false } = {}): void {
  const sqlite = new Database(file);
  sqlite.pragma('journal_mode = WAL');
  sqlite.transaction(() => {
    for (const step of MIGRATIONS.slice(0, steps)) sqlite.exec(step);
    sqlite.pragma(`user_version = ${steps}`);
  })();
  sqlite.pragma('wal_checkpoint(TRUNCATE)');
  sqlite.pragma('wal_autocheckpoint = 0');
  sqlite.exec(`INSERT INTO meta VALUES ('colour', 'green')`);
  sqlite.exec(
    `INSERT INTO events (type, session_id, timestamp, payload) VALUES ('session.deleted', 's', '2026-01-01T00:00:00.000Z', '{}')`,
  );
  if (!killed) {
    sqlite.close();
    return;
  }
  const [main, log] = [readFileSync(file), readFileSync(`${file}-wal`)];
  sqlite.close();
  writeFileSync(file, main);
  writeFileSync(`${file}-wal`, log);
}

describe('a database of an earlier format', () => {
  it.each(EARLIER)('of %i steps is copied for its owner alone, then changed; nothing is lost in either', async (steps) => {
    earlier(steps);
    const told: string[] = [];
    const store = await upgrade({ onStep: (doing) => told.push(doing) });
    expect(store.meta.get('colour')).toBe('green');
    expect(store.events.read({ since: 0, limit: 10 }).map((event) => event.session_id)).toEqual(['s']);
    expect(told).toEqual([expect.stringMatching(/^Copying the database \(\d+ MB\)/)]);

    expect(copies()).toEqual([COPY]);
    const copy = path.join(folder, COPY);
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    const reader = new Database(copy, { readonly: true });
    expect(reader.pragma('user_version', { simple: true })).toBe(steps);
    expect(reader.prepare('SELECT value FROM meta').pluck().all()).toEqual(['green']);
    expect(reader.pragma('integrity_check', { simple: true })).toBe('ok');
    reader.close();
  });

  it('what a killed server left in the write-ahead log is in the copy too', async () => {
    earlier(1, { killed: true });
    await upgrade();
    const reader = new Database(path.join(folder, COPY), { readonly: true });
    expect(reader.prepare('SELECT value FROM meta').pluck().all()).toEqual(['green']);
    reader.close();
  });

  it('the copy is good for going back', async () => {
    earlier(1);
    const store = await upgrade();
    store.meta.set('colour', 'red');
    opened.pop()?.close();
    for (const name of readdirSync(folder)) if (name !== COPY) rmSync(path.join(folder, name));
    writeFileSync(file, readFileSync(path.join(folder, COPY)), { mode: 0o600 });
    expect((await upgrade()).meta.get('colour')).toBe('green');
  });

  it('G1: with too little room nothing is touched, and the message says how much is needed', async () => {
    earlier(1);
    const before = contents();
    const error = await refusal({ freeBytes: () => 10_000_000 });
    expect([error.code, error.message]).toEqual([
      'storage_full',
      expect.stringMatching(/has 10 MB left; .* 6\d MB are needed.*Nothing was changed/),
    ]);
    expect(contents().filter(([name]) => name === 'afield.db')).toEqual(before);
    expect(copies()).toEqual([]);
    expect((await upgrade()).meta.get('colour')).toBe('green');
  });

  it('a step that fails leaves it as it was, without a copy for every try, and says how to go back', async () => {
    earlier(1);
    const sqlite = new Database(file);
    sqlite.exec('CREATE TABLE machines (mine TEXT)');
    sqlite.close();
    for (let tries = 0; tries < 2; tries++) {
      const error = await refusal();
      expect(error).toBeInstanceOf(AfieldError);
      expect(error.message).toMatch(/could not be changed for version 9\.9\.9: table machines already exists.*as it was.*had before/);
    }
    expect(copies()).toEqual([]);
    const reader = new Database(file, { readonly: true });
    expect(reader.pragma('user_version', { simple: true })).toBe(1);
    expect(reader.prepare('SELECT value FROM meta').pluck().all()).toEqual(['green']);
    reader.close();
  });

  it('of the copies the newest three are kept, and no half one', async () => {
    for (const stamp of ['20250101T000000Z', '20260101T000000Z', '20240101T000000Z', '20230101T000000Z'])
      writeFileSync(path.join(folder, `afield.db.before-0.${stamp[3]}.0-${stamp}`), 'old');
    writeFileSync(path.join(folder, 'afield.db.before-0.1.0-20260202T000000Z.part'), 'half');
    writeFileSync(path.join(folder, 'afield.db.before-the-holidays'), 'of its owner');
    earlier(1);
    await upgrade();
    expect(copies().sort()).toEqual([
      'afield.db.before-0.5.0-20250101T000000Z',
      'afield.db.before-0.6.0-20260101T000000Z',
      COPY,
      'afield.db.before-the-holidays',
    ]);
  });

  it('is not copied when it need not change, nor when it is new', async () => {
    await upgrade();
    opened.pop()?.close();
    await upgrade();
    expect(copies()).toEqual([]);
  });

  it('G9: is copied only by who holds it; another server is named', async () => {
    earlier(1);
    const other = openStore(file);
    opened.push(other);
    const held: string[] = [];
    const error = await refusal({ holder: () => 'process 7', onHeld: () => held.push('held') });
    expect(error.message).toMatch(/^Another Afield server \(process 7\) uses /);
    expect([held, copies()]).toEqual([[], []]);
  });

  it('that lies where nothing can be made is refused before anything changes', { skip: process.getuid?.() === 0 }, async () => {
    earlier(1);
    chmodSync(folder, 0o500);
    const error = await refusal();
    chmodSync(folder, 0o700);
    expect(error.code).toBe('unavailable');
  });
});
