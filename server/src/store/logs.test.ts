import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogType } from '@afield/shared/api/logs.ts';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MIGRATIONS } from './migrations.ts';
import { sqliteOf } from './sqlite.ts';
import { openStore, type Store } from './store.ts';

let folder: string;
let store: Store;
const file = () => join(folder, 'afield.db');
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'afield-logs-'));
  store = openStore(file());
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

const ONE = '01939b0e-7c1a-7d8e-8a43-0d6f2b1c9e55';
const TWO = '01939b0e-7c1a-7d8e-8a43-0d6f2b1c9e56';
const TIME = '2026-01-01T00:00:00.000Z';

interface Given {
  session_id?: string;
  type?: LogType;
  timestamp?: string;
  detail?: Record<string, unknown>;
}
const write = (text: string, { session_id = ONE, type = 'output', timestamp = TIME, detail }: Given = {}) => {
  const entry = { seq: 0, session_id, timestamp, type, text };
  const payload = { entry: detail === undefined ? entry : { ...entry, detail } };
  return store.events.append({ type: 'log', session_id, timestamp, payload });
};
const find = (q: string, more: object = {}) => store.logs.search({ q, limit: 100, ...more });
const texts = (q: string, more: object = {}) => find(q, more).map(({ text }) => text);
const marked = (q: string) => find(q).map(({ text, marks }) => marks.map(([from, to]) => text.slice(from, to)));
const rowsOf = (table: string) => (sqliteOf(store.db).prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number }).n;

describe('a log entry', () => {
  it('stands once on disk, under the seq of its event, and is read with it', () => {
    const seq = write('hello', { detail: { a: [1] } });
    const [event] = store.events.read({ since: seq - 1, limit: 1 });
    const entry = { seq, session_id: ONE, timestamp: TIME, type: 'output', text: 'hello', detail: { a: [1] } };
    expect(event).toEqual({ type: 'log', seq, session_id: ONE, timestamp: TIME, payload: { entry } });
    expect(store.logs.read({ session_id: ONE, limit: 1 })).toEqual([entry]);
    expect(sqliteOf(store.db).prepare('SELECT payload FROM events').pluck().all()).toEqual(['']);
  });

  it('and its event appear together or not at all', () => {
    sqliteOf(store.db).exec(`CREATE TRIGGER no BEFORE INSERT ON log_sums BEGIN SELECT raise(ABORT, 'no'); END`);
    expect(() => write('hello')).toThrow('no');
    for (const table of ['events', 'logs', 'log_spans']) expect(rowsOf(table)).toBe(0);
    expect(texts('hello')).toEqual([]);
    sqliteOf(store.db).exec('DROP TRIGGER no');
    expect(write('hello')).toBe(1);
  });

  it('is kept when its event is old', () => {
    for (let i = 0; i < 20; i++) write(`entry ${i}`);
    store.events.prune(5);
    expect(store.events.read({ since: 0, limit: 100 })).toHaveLength(5);
    expect(store.logs.read({ session_id: ONE, limit: 100 })).toHaveLength(20);
    expect(texts('"entry 3"')).toEqual(['entry 3']);
  });

  it('is counted', () => {
    write('four', { detail: {} });
    write('äö', { session_id: TWO });
    expect(store.logs.sums(ONE)).toEqual({ entries: 1, bytes: 6 });
    expect(store.logs.sums()).toEqual({ entries: 2, bytes: 10 });
    expect(store.logs.sums('nobody')).toEqual({ entries: 0, bytes: 0 });
  });
});

describe('search', () => {
  it('wants all words, in any order, the last may be a beginning', () => {
    for (const text of ['the red house', 'the house is red', 'a red horse', 'greenhouse']) write(text);
    expect(texts('red house')).toEqual(['the house is red', 'the red house']);
    expect(texts('house red')).toEqual(['the house is red', 'the red house']);
    expect(texts('red hou')).toEqual(['the house is red', 'the red house']);
    expect(texts('hou red')).toEqual([]);
    expect(texts('hou ')).toEqual([]);
    expect(texts('red ho')).toEqual([]);
    expect(texts('RED HOUSE')).toHaveLength(2);
  });

  it('finds what stands in quotes together, also before the quote is closed', () => {
    for (const text of ['the red house', 'the house is red', 'infrared houses']) write(text);
    expect(texts('"red house"')).toEqual(['the red house']);
    expect(texts('the "red hou')).toEqual(['the red house']);
    expect(texts('"house is" red')).toEqual(['the house is red']);
  });

  it.each([
    ['src/relay.ts', 'edited src/relay.ts:12'],
    ['relay.ts', 'edited src/relay.ts:12'],
    ['src/rel', 'edited src/relay.ts:12'],
    ['foo_bar', 'call foo_bar(1)'],
    ['--dry-run', 'git push --dry-run'],
    ['ECONNREFUSED 127.0.0.1:4096', 'Error: ECONNREFUSED 127.0.0.1:4096'],
    ['uber', 'Über allen Gipfeln'],
    ['ÜBER', 'Über allen Gipfeln'],
    ['grosse', 'eine große Größe, GROSSE'],
    ['größe', 'eine Groesse, Große, Gro\u0308\u00dfe'],
    ['naïve', 'naive'],
    ['приве', 'Привет, мир'],
    ['42', 'answer=42'],
  ])('finds %s', (q, text) => {
    write(text);
    write('something else');
    expect(texts(q)).toEqual([text]);
    expect(find(q)[0]!.marks.length).toBeGreaterThan(0);
  });

  it('tells where the words stand', () => {
    write('Edited src/relay.ts, then relay.ts again. Über-Relay');
    expect(marked('src/relay.ts')).toEqual([['src/relay.ts']]);
    expect(marked('relay')).toEqual([['relay', 'relay', 'Relay']]);
    expect(marked('uber "then relay"')).toEqual([['then relay', 'Über']]);
    expect(marked('"then relay" rel')).toEqual([['relay', 'then relay', 'Relay']]);
    expect(marked('then rel')).toEqual([['relay', 'then', 'relay', 'Relay']]);
  });

  it('by session and type takes nothing else, and a session is no word', () => {
    write('word', { session_id: ONE, type: 'output' });
    write('word', { session_id: TWO, type: 'system' });
    write('word word', { session_id: TWO, type: 'tool' });
    expect(find('word', { session_id: TWO })).toHaveLength(2);
    expect(find('word', { types: ['system', 'output'] })).toHaveLength(2);
    expect(find('word', { session_id: TWO, types: ['output'] })).toEqual([]);
    expect(find('output')).toEqual([]);
    expect(find(ONE)).toEqual([]);
    expect(find('\uE001output')).toEqual([]);
    write('my \uE001state icon', { session_id: ONE });
    expect(texts('state')).toEqual(['my \uE001state icon']);
    expect(find('icon', { types: ['state'] })).toEqual([]);
  });

  it('by time finds what is of that time, wherever a jump of the clock put it', () => {
    const at = (hour: number) => new Date(Date.parse(TIME) + hour * 3_600_000).toISOString();
    const hours = [1, 2, 8_000, 8_001, 3, 4];
    for (const hour of hours) {
      for (let i = 0; i < 900; i++) store.events.skip();
      write(`word ${hour}`, { timestamp: at(hour) });
    }
    const found = (from?: number, to?: number) =>
      texts('word', { ...(from === undefined ? {} : { from: at(from) }), ...(to === undefined ? {} : { to: at(to) }) });
    expect(found(2, 4)).toEqual(['word 3', 'word 2']);
    expect(found(4)).toEqual(['word 4', 'word 8001', 'word 8000']);
    expect(found(undefined, 2)).toEqual(['word 1']);
    expect(found(9_000)).toEqual([]);
    expect(found(7_000, 8_001)).toEqual(['word 8000']);
  });

  it('pages by seq, from new to old and back', () => {
    const seqs = [1, 2, 3, 4, 5].map((n) => write(`word ${n}`));
    expect(find('word', { limit: 2 }).map(({ seq }) => seq)).toEqual([seqs[4], seqs[3]]);
    expect(find('word', { limit: 2, before: seqs[3] }).map(({ seq }) => seq)).toEqual([seqs[2], seqs[1]]);
    expect(find('word', { limit: 2, since: seqs[1], oldest: true }).map(({ seq }) => seq)).toEqual([seqs[2], seqs[3]]);
  });

  it.each(['', '   ', '***', '"', '""', '- -- :', '😀', '\0', '(', '\uE000'])('for %j, which holds no word, says so', (q) => {
    expect(() => find(q)).toThrow(/letter or a digit/);
  });

  it('takes nothing that somebody types as syntax', () => {
    write('plain text near col foo or and not bar');
    const pieces = [
      '"',
      '*',
      'NEAR(',
      'col:',
      '-',
      '\0',
      '😀',
      'AND',
      'OR',
      'NOT',
      '^',
      '{',
      '}',
      '+',
      '(',
      ')',
      "'",
      'foo',
      'text:',
      ' ',
      '\ud800',
      ';--',
      'ä̈',
      '\u{1e900}',
      '𐵀',
      '\uE000',
      '١',
      'ﬁ',
      '\u200d',
      'x'.repeat(60),
    ];
    let seed = 7;
    const random = (n: number) => {
      seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
      return seed % n;
    };
    for (let i = 0; i < 3_000; i++) {
      const q = Array.from({ length: 1 + random(8) }, () => pieces[random(pieces.length)])
        .join(random(2) === 0 ? '' : ' ')
        .slice(0, 200);
      try {
        find(q, i % 3 === 0 ? { session_id: ONE, types: ['output'] } : {});
      } catch (error) {
        expect([q, (error as Error).message]).toEqual([q, expect.stringMatching(/letter or a digit/)]);
      }
    }
    expect(texts('foo NOT bar')).toHaveLength(1);
    expect(texts('foo OR zzz')).toEqual([]);
    expect(texts('NEAR(plain foo)')).toEqual([]);
    expect(texts('near (plain foo)')).toHaveLength(1);
    expect(texts('text:foo')).toEqual([]);
  });
});

describe('however many entries there are', () => {
  it('the words are looked up once, then the entries by their number', () => {
    for (let i = 0; i < 50; i++) write(`odd even ${i}`);
    const explain = vi.spyOn(sqliteOf(store.db), 'prepare');
    find('odd even', { session_id: ONE, types: ['output', 'state'], from: TIME, oldest: true, limit: 99 });
    const [query] = explain.mock.calls.at(-1)!;
    explain.mockRestore();
    expect(query).toContain('MATCH');
    const plan = sqliteOf(store.db).prepare(`EXPLAIN QUERY PLAN ${query}`).all('x', ONE, 0, 9, TIME, 9) as { detail: string }[];
    expect(plan.map(({ detail }) => detail)).toEqual([
      expect.stringMatching(/^SCAN logs_text VIRTUAL TABLE INDEX/),
      expect.stringMatching(/^SEARCH logs USING INTEGER PRIMARY KEY \(rowid=\?\)/),
    ]);
  });

  it('the log of a session is read by its index, with a type too', () => {
    write('one');
    const explain = vi.spyOn(sqliteOf(store.db), 'prepare');
    store.logs.read({ session_id: ONE, limit: 77, before: 99 });
    store.logs.read({ session_id: ONE, limit: 77, before: 99, types: ['state'] });
    const queries = explain.mock.calls.map(([query]) => query);
    explain.mockRestore();
    const planOf = (query: string, given: unknown[]) =>
      (
        sqliteOf(store.db)
          .prepare(`EXPLAIN QUERY PLAN ${query}`)
          .all(...given) as { detail: string }[]
      ).map(({ detail }) => detail);
    expect(planOf(queries[0]!, [ONE, 0, 9, 9])).toEqual(['SEARCH logs USING INDEX logs_session (session_id=? AND rowid>? AND rowid<?)']);
    expect(planOf(queries[1]!, [ONE, 'state', 0, 9, 9])).toEqual([
      'SEARCH logs USING INDEX logs_type (session_id=? AND type=? AND rowid>? AND rowid<?)',
    ]);
  });
});

describe('deleting', () => {
  it('the entries of a session takes their words along, in steps', () => {
    for (let i = 0; i < 25; i++) write(`word ${i}`, { session_id: i % 5 === 0 ? TWO : ONE });
    expect([store.logs.purge(ONE, 15), store.logs.purge(ONE, 15), store.logs.purge(ONE, 15)]).toEqual([15, 5, 0]);
    expect(find('word').map(({ session_id }) => session_id)).toEqual(Array(5).fill(TWO));
    expect(store.logs.sums(ONE)).toEqual({ entries: 0, bytes: 0 });
    for (let i = 0; i < 1_000 && store.logs.tidy(); i++);
    expect(store.logs.tidy()).toBe(false);
    expect(texts('word')).toHaveLength(5);
    expect(store.events.read({ since: 0, limit: 100 })).toHaveLength(5);
    write('word again');
    expect(texts('word')).toHaveLength(6);
  });
});

describe('a database of before', () => {
  it('keeps its entries, which are then found by their words', () => {
    store.close();
    rmSync(file());
    const old = new Database(file());
    for (const step of MIGRATIONS.slice(0, 2)) old.exec(step);
    old.pragma('user_version = 2');
    const put = old.prepare('INSERT INTO events (type, session_id, timestamp, log_type, payload) VALUES (?, ?, ?, ?, ?)');
    put.run('session.deleted', ONE, TIME, null, '{}');
    for (let i = 0; i < 3_000; i++) {
      const entry = { seq: 0, session_id: ONE, timestamp: TIME, type: 'output', text: `Zeile ${i} „größer“`, detail: { i } };
      put.run('log', ONE, TIME, 'output', JSON.stringify({ entry }));
    }
    put.run(
      'log',
      ONE,
      TIME,
      'state',
      JSON.stringify({ entry: { seq: 0, session_id: ONE, timestamp: TIME, type: 'state', text: 'busy' } }),
    );
    old.close();
    store = openStore(file());
    expect(find('grosser zeile').length + find('größer "zeile 17"').length).toBe(1);
    expect(find('größer "zeile 17"')[0]).toMatchObject({ seq: 19, detail: { i: 17 }, timestamp: TIME });
    expect(store.logs.sums(ONE).entries).toBe(3_001);
    expect(store.logs.read({ session_id: ONE, types: ['state'], limit: 10 })).toMatchObject([{ text: 'busy', seq: 3_002 }]);
    const [first, second] = store.events.read({ since: 0, limit: 2 });
    expect([first?.type, second?.payload]).toEqual([
      'session.deleted',
      { entry: expect.objectContaining({ seq: 2, text: 'Zeile 0 „größer“' }) },
    ]);
    expect(write('new')).toBe(3_003);
    expect(texts('größer', { from: TIME, limit: 1 })).toEqual(['Zeile 2999 „größer“']);
  });
});
