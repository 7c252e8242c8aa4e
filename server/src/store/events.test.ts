import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogEntry } from '@afield/shared/api/logs.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEventLog } from '../core/event-log.ts';
import { manualClock } from '../core/manual-clock.ts';
import { openStore, type Store } from './store.ts';

let folder: string;
let store: Store;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'afield-events-'));
  store = openStore(join(folder, 'afield.db'));
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});
const reopen = () => {
  store.close();
  store = openStore(join(folder, 'afield.db'));
};
const entry = (session_id: string, text: string, type: LogEntry['type'] = 'output') => ({
  entry: { seq: 0, session_id, timestamp: '2026-01-01T00:00:00.000Z', type, text },
});

describe('the event log', () => {
  it('writes before it tells', () => {
    const log = createEventLog(store.events, manualClock());
    const heard: AfieldEvent[] = [];
    const onDisk: number[] = [];
    log.subscribe((event) => {
      heard.push(event);
      onDisk.push(store.events.read({ since: event.seq - 1, limit: 1 })[0]!.seq);
    });
    log.publish('session.deleted', 's', {});
    expect(heard.map((e) => e.seq)).toEqual([1]);
    expect(onDisk).toEqual([1]);
    expect(log.nextSeq()).toBe(2);
  });

  it('stops telling whoever left', () => {
    const log = createEventLog(store.events, manualClock());
    let heard = 0;
    const leave = log.subscribe(() => heard++);
    leave();
    log.publish('session.deleted', 's', {});
    expect(heard).toBe(0);
  });

  it('tells a log entry its own seq, live and from disk', () => {
    const log = createEventLog(store.events, manualClock());
    log.publish('session.deleted', 'other', {});
    const live = log.publish('log', 's', entry('s', 'hi'));
    expect(live).toMatchObject({ seq: 2, payload: { entry: { seq: 2 } } });
    expect(log.read({ since: 1, limit: 10 })).toEqual([live]);
  });

  it('never gives a seq twice, not even after everything was deleted and the server started anew', () => {
    const log = createEventLog(store.events, manualClock());
    for (let i = 0; i < 5; i++) log.publish('machine.removed', 's', { name: 'm' });
    expect(store.events.purge('s', 100)).toBe(5);
    reopen();
    const again = createEventLog(store.events, manualClock());
    expect(again.nextSeq()).toBe(6);
    expect(again.publish('session.deleted', 't', {}).seq).toBe(6);
  });

  it('says whether it can still tell what came after a seq', () => {
    const log = createEventLog(store.events, manualClock(), { keep: 10 });
    expect(log.covers(0)).toBe(true);
    expect(log.covers(1)).toBe(false);
    for (let i = 0; i < 35; i++) log.publish('session.deleted', 's', {});
    const kept = log.read({ since: 0, limit: 1000 });
    expect(kept.length).toBeLessThan(20);
    const first = kept[0]!.seq;
    expect(log.covers(first - 1)).toBe(true);
    expect(log.covers(first - 2)).toBe(false);
    expect(log.covers(35)).toBe(true);
    expect(log.covers(36)).toBe(false);
    reopen();
    expect(createEventLog(store.events, manualClock(), { keep: 10 }).covers(first - 2)).toBe(false);
  });

  it('has no gap because one session was removed', () => {
    const log = createEventLog(store.events, manualClock());
    log.publish('machine.removed', 'first', { name: 'm' });
    log.publish('session.deleted', 'second', {});
    expect(store.events.purge('first', 100)).toBe(1);
    expect(log.covers(0)).toBe(true);
    expect(log.read({ since: 0, limit: 10 }).map((e) => e.session_id)).toEqual(['second']);
  });

  it('finds log entries by session, type and place, newest first', () => {
    const log = createEventLog(store.events, manualClock());
    log.publish('log', 's', entry('s', 'one 50%'));
    log.publish('log', 's', entry('s', 'two', 'system'));
    log.publish('log', 't', entry('t', 'one 50%'));
    log.publish('log', 's', entry('s', 'one 500'));
    log.publish('session.deleted', 's', {});
    const texts = (query: object) => store.logs.read({ session_id: 's', limit: 10, ...query }).map(({ text }) => text);
    expect(texts({})).toEqual(['one 500', 'two', 'one 50%']);
    expect(texts({ oldest: true })).toEqual(['one 50%', 'two', 'one 500']);
    expect(texts({ limit: 1 })).toEqual(['one 500']);
    expect(texts({ before: 4 })).toEqual(['two', 'one 50%']);
    expect(texts({ since: 1 })).toEqual(['one 500', 'two']);
    expect(texts({ types: ['system'] })).toEqual(['two']);
    expect(texts({ types: ['output', 'system'], limit: 2 })).toEqual(['one 500', 'two']);
  });
});
