import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Session, SessionStatus } from '@afield/shared/api/sessions.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { uuidv7 } from 'uuidv7';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sampleRow } from '../../sample-row.ts';
import { openStore, type Store } from '../../store/store.ts';
import { createEventLog } from '../event-log.ts';
import { type ManualClock, manualClock } from '../manual-clock.ts';
import type { Clock, SessionRow } from '../ports.ts';
import { recordingFiles } from '../recording/files.ts';
import type { EventLog } from '../service.ts';
import { History, type HistoryDeps } from './history.ts';
import type { Disk } from './storage.ts';

const DAY = 24 * 3_600_000;
const NOW = Date.parse('2026-06-01T00:00:00Z');

let folder: string;
let store: Store;
let manual: ManualClock;
/** Added to the wall clock alone. */
let leap: number;
let events: EventLog;
let heard: AfieldEvent[];
let warnings: string[];
let histories: History[];
const clock: Clock = {
  now: () => manual.now() + leap,
  monotonic: () => manual.monotonic(),
  setTimeout: (run, ms) => manual.setTimeout(run, ms),
};
const disk: Disk = { writing: true, failed: () => false, wrote: () => {}, onChange: () => () => {} };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'afield-history-'));
  store = openStore(join(folder, 'afield.db'));
  manual = manualClock(NOW);
  store.meta.set('clock_seen', new Date(NOW).toISOString());
  leap = 0;
  heard = [];
  warnings = [];
  histories = [];
  events = createEventLog(store.events, clock);
  events.subscribe((event) => heard.push(event));
});
afterEach(async () => {
  for (const history of histories) await history.close();
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

const open = (more: Partial<HistoryDeps> = {}) => {
  const history = new History({
    store,
    events,
    clock,
    disk,
    recordings: join(folder, 'recordings'),
    retention: { days: 90, bytes: 0 },
    warn: (message, cause) => warnings.push(`${message} ${cause}`),
    ...more,
  });
  histories.push(history);
  return history;
};
const recorded = (id: string) => recordingFiles(join(folder, 'recordings', id));

interface Given extends Partial<SessionRow> {
  daysAgo?: number;
  recording?: number;
  entries?: string[];
}
function session({ daysAgo = 0, recording = 0, entries = [], ...row }: Given = {}): string {
  const id = uuidv7();
  const at = new Date(NOW - daysAgo * DAY).toISOString();
  const over: SessionStatus = row.status ?? 'finished';
  const ended_at = over === 'finished' ? at : null;
  store.sessions.insert(sampleRow({ id, name: `session ${daysAgo}`, cwd: '/', exit_code: 0, ended_at, ...row, status: over }, at));
  mkdirSync(join(folder, 'recordings', id), { recursive: true });
  if (recording > 0) {
    writeFileSync(recorded(id).output, Buffer.alloc(recording, 'x'));
    writeFileSync(recorded(id).index, '');
  }
  writeFileSync(recorded(id).screen, 'screen');
  for (const text of entries) events.publish('log', id, { entry: { seq: 0, session_id: id, timestamp: at, type: 'output', text } });
  return id;
}
const kept = () =>
  store.sessions
    .list({ archived: true, limit: 1_000 })
    .map(({ id }) => id)
    .sort();
const words = (q: string) => store.logs.search({ q, limit: 1_000 }).map(({ text }) => text);

describe('pruning', () => {
  it('by age takes whole sessions that are over and not pinned, and tells before exactly what it takes', async () => {
    const old = session({ daysAgo: 91, recording: 1_000, entries: ['needle one', 'needle two'] });
    const older = session({ daysAgo: 200, entries: ['needle three'] });
    const pinned = session({ daysAgo: 300, pinned: true, recording: 10 });
    const live = session({ daysAgo: 300, status: 'busy' });
    const young = session({ daysAgo: 89, entries: ['needle four'] });
    const history = open();
    const dry = await history.prune({ dry_run: true });
    expect(dry).toMatchObject({ dry_run: true, sessions: 2, recordings: 0, entries: 3 });
    expect(dry.items.map(({ session_id, what, entries }) => [session_id, what, entries])).toEqual([
      [older, 'session', 1],
      [old, 'session', 2],
    ]);
    expect(dry.freed_bytes).toBeGreaterThan(1_000);
    expect(kept()).toHaveLength(5);
    expect(await history.prune({ dry_run: false })).toEqual({ ...dry, dry_run: false });
    expect(kept()).toEqual([pinned, live, young].sort());
    expect(words('needle')).toEqual(['needle four']);
    expect(readdirSync(join(folder, 'recordings')).sort()).toEqual([pinned, live, young].sort());
    expect(store.logs.sums(old)).toEqual({ entries: 0, bytes: 0 });
    expect(store.events.read({ since: 0, limit: 100, session_id: old })).toMatchObject([{ type: 'session.deleted' }]);
    expect(heard.filter(({ type }) => type === 'session.deleted').map(({ session_id }) => session_id)).toEqual([older, old]);
    expect(await history.prune({ dry_run: true })).toMatchObject({ sessions: 0, items: [], freed_bytes: 0 });
  });

  it('by size takes the oldest recordings first and leaves logs and last screens', async () => {
    const ids = [4, 3, 2, 1].map((daysAgo) => session({ daysAgo, recording: 100_000, entries: ['needle'] }));
    const pinned = session({ daysAgo: 9, pinned: true, recording: 100_000 });
    const history = open();
    const { used } = store.file.size();
    const done = await history.prune({ days: 0, bytes: used + 320_000, dry_run: false });
    expect(done).toMatchObject({ sessions: 0, recordings: 2, entries: 0, freed_bytes: 200_000 });
    expect(done.items.map(({ session_id, what }) => [session_id, what])).toEqual([
      [ids[0], 'recording'],
      [ids[1], 'recording'],
    ]);
    expect([...ids, pinned].map((id) => existsSync(recorded(id).output))).toEqual([false, false, true, true, true]);
    expect(existsSync(recorded(ids[0]!).screen)).toBe(true);
    expect(words('needle')).toHaveLength(4);
  });

  it('takes whole sessions when recordings are not enough', async () => {
    const ids = [4, 3, 2, 1].map((daysAgo) => session({ daysAgo, recording: 1_000, entries: Array(200).fill('x'.repeat(500)) }));
    const history = open();
    const { used } = store.file.size();
    const done = await history.prune({ days: 0, bytes: used - 150_000, dry_run: false });
    expect(done).toMatchObject({ sessions: 1, recordings: 3 });
    expect(done.items.map(({ what }) => what)).toEqual(['session', 'recording', 'recording', 'recording']);
    expect(kept()).toEqual(ids.slice(1).sort());
  });

  it('without bounds takes nothing', async () => {
    session({ daysAgo: 9_000, recording: 1_000_000 });
    expect(await open().prune({ days: 0, bytes: 0, dry_run: false })).toMatchObject({ sessions: 0, recordings: 0, items: [] });
  });

  it('lists the first hundred and counts all', async () => {
    for (let i = 0; i < 450; i++) session({ daysAgo: 100 + (i % 7) });
    const dry = await open().prune({ dry_run: true });
    expect([dry.sessions, dry.items.length]).toEqual([450, 100]);
    const times = dry.items.map(({ ended_at }) => ended_at!);
    expect(times).toEqual([...times].sort());
  });

  it('leaves a session that was pinned in between', async () => {
    const id = session({ daysAgo: 100 });
    const history = open();
    const ended = store.sessions.ended.bind(store.sessions);
    vi.spyOn(store.sessions, 'ended').mockImplementation((...args) => {
      const rows = ended(...args);
      store.sessions.update(id, { pinned: true });
      return rows;
    });
    await history.prune({ dry_run: false });
    expect(kept()).toEqual([id]);
  });

  it('never holds others up, whatever is deleted, and the file shrinks', { timeout: 30_000 }, async () => {
    store.atomically(() =>
      session({ daysAgo: 100, entries: Array.from({ length: 20_000 }, (_, i) => `entry ${i} ${'word '.repeat(20)}`) }),
    );
    const young = session({ entries: ['entry here'] });
    const before = store.file.size();
    let turns = 0;
    let going = true;
    const count = () => {
      turns++;
      if (going) setImmediate(count);
    };
    count();
    expect(await open().prune({ dry_run: false })).toMatchObject({ sessions: 1, entries: 20_000 });
    going = false;
    expect(turns).toBeGreaterThan(300);
    expect(words('entry')).toEqual(['entry here']);
    expect(store.sessions.get(young)).not.toBeNull();
    expect(store.file.size().used).toBeLessThan(before.used / 2);
    store.db.run('PRAGMA wal_checkpoint(TRUNCATE)');
    expect(statSync(join(folder, 'afield.db')).size).toBeLessThan(before.bytes);
  });

  it('goes on after a crash in the middle of a deletion', async () => {
    const id = session({ daysAgo: 1, recording: 100, entries: Array(250).fill('half gone') });
    store.purges.add(id);
    store.sessions.delete(id);
    store.logs.purge(id, 100);
    const history = open();
    history.start();
    manual.advance(10_000);
    await vi.waitFor(() => expect(existsSync(join(folder, 'recordings', id))).toBe(false));
    await vi.waitFor(() => expect(store.purges.list()).toEqual([]));
    expect(words('half')).toEqual([]);
    expect(warnings).toEqual([]);
  });
});

describe('by itself', () => {
  it('it prunes a while after the start and then every hour', async () => {
    const first = session({ daysAgo: 91 });
    const later = session({ daysAgo: 89.98 });
    const history = open();
    history.start();
    expect(kept()).toHaveLength(2);
    manual.advance(10_000);
    await vi.waitFor(() => expect(kept()).toEqual([later]));
    await history.size();
    expect(first).not.toBe(later);
    manual.advance(3_600_000);
    await vi.waitFor(() => expect(kept()).toEqual([]));
  });

  it('it compresses what has ended, and what an earlier server left', async () => {
    const left = session({ recording: 5_000 });
    const live = session({ status: 'busy', recording: 5_000 });
    const history = open();
    history.start();
    manual.advance(10_000);
    await vi.waitFor(() => expect(existsSync(`${recorded(left).output}.gz`)).toBe(true));
    await vi.waitFor(() => expect(existsSync(recorded(left).index)).toBe(false));
    expect(existsSync(recorded(live).output)).toBe(true);
    store.sessions.update(live, { status: 'failed', ended_at: new Date(NOW).toISOString() });
    events.publish('session.status_changed', live, { session: { status: 'failed' } as Session, previous: 'busy' });
    manual.advance(5_000);
    await vi.waitFor(() => expect(existsSync(recorded(live).index)).toBe(false));
    expect(await history.size()).toMatchObject({ sessions: 2, recordings_bytes: expect.any(Number), retention: { days: 90, bytes: 0 } });
    expect((await history.size()).recordings_bytes).toBeLessThan(1_000);
    expect(warnings).toEqual([]);
  });
});

describe('G7: a clock that leaps', () => {
  it('a year ahead deletes nothing by age for a day, and says so; set right again, all is as before', async () => {
    const id = session({ daysAgo: 10, entries: ['needle'] });
    const history = open();
    expect(await history.prune({ dry_run: true })).toMatchObject({ sessions: 0 });
    leap = 365 * DAY;
    await expect(history.prune({ dry_run: false })).rejects.toThrow(/clock is 365 days ahead/);
    history.start();
    manual.advance(10_000);
    await history.size();
    manual.advance(3_600_000);
    await history.size();
    expect(kept()).toEqual([id]);
    expect(history.checks()).toMatchObject([{ level: 'warning', fix: expect.stringContaining('clock') }]);
    leap = 0;
    expect(await history.prune({ dry_run: false })).toMatchObject({ sessions: 0 });
    expect(history.checks()).toEqual([]);
  });

  it('while the server is off is noticed by the next one too, and again by the one after that', async () => {
    session({ daysAgo: 10 });
    open();
    leap = 365 * DAY;
    await expect(open().prune({ dry_run: true })).rejects.toThrow(/clock/);
    await expect(open().prune({ dry_run: true })).rejects.toThrow(/clock/);
  });

  it('is believed after a day, and at once by whoever names the days', async () => {
    const id = session({ daysAgo: 10 });
    const history = open();
    leap = 365 * DAY;
    expect(await history.prune({ days: 90, dry_run: true })).toMatchObject({ sessions: 1 });
    await expect(history.prune({ dry_run: true })).rejects.toThrow(/clock/);
    manual.advance(DAY);
    expect(await history.prune({ dry_run: false })).toMatchObject({ sessions: 1 });
    expect(kept()).not.toContain(id);
  });

  it('is measured by what is kept where nobody remembers it yet', async () => {
    session({ daysAgo: 100 });
    store.db.run('DELETE FROM meta');
    await expect(open().prune({ dry_run: true })).rejects.toThrow(/clock is 100 days ahead/);
    session({ daysAgo: 1 });
    expect(await open().prune({ dry_run: true })).toMatchObject({ sessions: 1 });
  });

  it('back, or ahead by days only, is no leap', async () => {
    session({ daysAgo: 100 });
    const history = open();
    leap = -400 * DAY;
    expect(await history.prune({ dry_run: true })).toMatchObject({ sessions: 0 });
    leap = -396 * DAY;
    expect(await history.prune({ dry_run: true })).toMatchObject({ sessions: 0 });
    expect(history.checks()).toEqual([]);
  });
});

describe('search', () => {
  it('tells whose entry it is and where the words stand, in pages', () => {
    const one = session({ name: 'web', agent: 'claude', entries: ['the needle', 'hay'] });
    const two = session({ name: 'api', entries: ['needle needle', 'a needle'] });
    const history = open();
    const first = history.search({ q: 'needle', limit: 2 });
    expect(first.items).toMatchObject([
      { session_id: two, session_name: 'api', text: 'a needle', marks: [[2, 8]] },
      {
        session_name: 'api',
        marks: [
          [0, 6],
          [7, 13],
        ],
      },
    ]);
    const second = history.search({ q: 'needle', limit: 2, cursor: first.next_cursor! });
    expect(second).toMatchObject({
      items: [{ session_id: one, session_name: 'web', agent: 'claude', machine: 'local' }],
      next_cursor: null,
    });
    expect(history.search({ q: 'needle', limit: 9, session_id: one }).items).toHaveLength(1);
    expect(history.search({ q: 'needle', limit: 9, from: '2026-06-01T00:00:00Z' }).items).toHaveLength(3);
    expect(history.search({ q: 'needle', limit: 9, to: '2026-06-01T00:00:00Z' }).items).toEqual([]);
    expect(() => history.search({ q: 'x', limit: 9, cursor: 'mine' })).toThrow(/cursor/);
  });

  it('gives a page of at most 100 kB', () => {
    session({ entries: Array.from({ length: 60 }, (_, i) => `needle ${i} ${'ä'.repeat(2_000)}`) });
    const page = open().search({ q: 'needle', limit: 60 });
    expect(Buffer.byteLength(JSON.stringify(page))).toBeLessThan(100_000);
    expect(page.items.length).toBeGreaterThan(10);
    expect(page.next_cursor).toBe(String(page.items.at(-1)!.seq));
  });
});
