import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AfieldError } from '@afield/shared/errors.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { createEventLog } from '../event-log.ts';
import { type ManualClock, manualClock } from '../manual-clock.ts';
import type { EventStore, SessionRow, SessionStore } from '../ports.ts';
import { patientSessions } from '../sessions/patient-sessions.ts';
import { DiskWatch, diskFault, diskOf } from './storage.ts';

const MIB = 1024 ** 2;
const fault = (code: string) => Object.assign(new Error(code), { code });

let clock: ManualClock;
let free: number;
let takes: boolean;
let told: boolean[];
let disk: DiskWatch;
beforeEach(() => {
  clock = manualClock();
  free = 1024 * MIB;
  takes = true;
  told = [];
  disk = new DiskWatch({
    clock,
    folder: '/data',
    probe: {
      room: async () => ({ free, total: 100_000 * MIB }),
      tryOut: async () => {
        if (!takes) throw fault('ENOSPC');
      },
    },
  });
  disk.onChange((writing) => told.push(writing));
});
const later = async () => {
  clock.advance(5_000);
  await disk.look();
};

describe('G1: the disk', () => {
  it('is left alone a little before it is full, told once, and used again when there is clearly room', async () => {
    await disk.look();
    expect(disk.state).toEqual({ writing: true, detail: null, free_bytes: free, since: null });
    free = 31 * MIB;
    await later();
    await later();
    expect(told).toEqual([false]);
    expect(disk.state).toMatchObject({ writing: false, free_bytes: free, since: expect.any(String) });
    expect(disk.state.detail).toMatch(/almost full\. Nothing new is kept until \/data has room; agents go on\./);
    free = 40 * MIB;
    await later();
    expect(told).toEqual([false]);
    free = 48 * MIB;
    takes = false;
    await later();
    expect(told).toEqual([false]);
    takes = true;
    await later();
    expect(told).toEqual([false, true]);
    expect(disk.state).toMatchObject({ writing: true, detail: null });
    await disk.close();
  });

  it('is looked at by itself, and sooner when much is written', async () => {
    await disk.look();
    free = 10 * MIB;
    disk.wrote(7 * MIB);
    await Promise.resolve();
    expect(disk.writing).toBe(true);
    disk.wrote(2 * MIB);
    await disk.look();
    expect(disk.writing).toBe(false);
    await disk.close();
  });

  it.each([
    ['ENOSPC', /full/],
    ['SQLITE_FULL', /full/],
    ['EDQUOT', /quota/],
    ['EROFS', /only be read/],
    ['SQLITE_IOERR_WRITE', /does not take/],
  ])('that answers %s is to blame', (code, text) => {
    expect(disk.failed(fault(code))).toBe(true);
    expect(disk.failed(fault(code))).toBe(true);
    expect(told).toEqual([false]);
    expect(disk.state.detail).toMatch(text);
  });

  it.each([fault('ENOENT'), fault('SQLITE_CONSTRAINT'), new Error('x'), null, 'ENOSPC'])('is not to blame for %s', (error) => {
    expect(disk.failed(error)).toBe(false);
    expect(diskFault(error)).toBeNull();
    expect(told).toEqual([]);
  });

  it('is really tried out, and nothing stays behind', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'afield-disk-'));
    const probe = diskOf([folder, join(folder, 'missing')]);
    expect((await probe.room())?.free).toBeGreaterThan(0);
    await probe.tryOut();
    expect(readdirSync(folder)).toEqual([]);
    expect(await diskOf([join(folder, 'missing')]).room()).toBeNull();
    rmSync(folder, { recursive: true });
  });
});

describe('G1: events while the disk is full', () => {
  it('are told under a seq of their own, log entries are refused, and nothing is numbered twice', () => {
    let full = true;
    let seq = 5;
    const rows: number[] = [];
    const store = {
      append: () => {
        if (full) throw fault('SQLITE_FULL');
        rows.push(seq);
        return seq++;
      },
      skip: () => seq++,
      prune: () => {},
      nextSeq: () => seq,
    } as unknown as EventStore;
    const log = createEventLog(store, clock, { disk });
    const heard: AfieldEvent[] = [];
    log.subscribe((event) => heard.push(event));
    disk.onChange(() => log.publish('machine.storage_changed', null, { storage: disk.state }));
    log.publish('machine.removed', null, { name: 'm' });
    expect(heard.map(({ type, seq }) => [type, seq])).toEqual([
      ['machine.storage_changed', 5],
      ['machine.removed', 6],
    ]);
    expect(heard[0]).toMatchObject({ payload: { storage: { writing: false } } });
    const entry = { seq: 0, session_id: 's', timestamp: '', type: 'output' as const, text: '' };
    expect(() => log.publish('log', 's', { entry })).toThrow(AfieldError);
    full = false;
    expect(log.publish('machine.removed', null, { name: 'm' }).seq).toBe(7);
    expect(rows).toEqual([7]);
  });
});

describe('G1: what a session becomes while the disk is full', () => {
  it('is remembered, seen, and written when there is room', async () => {
    let full = false;
    const table = new Map<string, SessionRow>([['a', { id: 'a', status: 'busy', name: 'one' } as SessionRow]]);
    const store = {
      update: (id: string, changes: Partial<SessionRow>) => {
        if (full) throw fault('SQLITE_FULL');
        table.set(id, { ...table.get(id)!, ...changes });
      },
      get: (id: string) => table.get(id) ?? null,
      list: () => [...table.values()],
      ended: () => [],
    } as unknown as SessionStore;
    const patient = patientSessions(store, disk);
    full = true;
    patient.update('a', { status: 'finished' });
    patient.update('a', { exit_code: 0 });
    expect(table.get('a')?.status).toBe('busy');
    expect(patient.get('a')).toMatchObject({ status: 'finished', exit_code: 0, name: 'one' });
    expect(patient.list({ archived: false, limit: 1 })).toMatchObject([{ status: 'finished' }]);
    patient.update('a', { ended_at: '2026-01-02' });
    expect(patient.ended(null, 9)).toMatchObject([{ id: 'a', ended_at: '2026-01-02' }]);
    expect(patient.ended({ ended_at: '2026-01-02', id: 'a' }, 9)).toEqual([]);
    expect(patient.ended({ ended_at: '2026-01-01', id: 'z' }, 9)).toHaveLength(1);
    full = false;
    await disk.look();
    expect(told).toEqual([false, true]);
    expect(table.get('a')).toEqual({ id: 'a', status: 'finished', exit_code: 0, name: 'one', ended_at: '2026-01-02' });
    await disk.close();
  });
});
