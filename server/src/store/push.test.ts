import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PushRow, PushStore } from '../core/push.ts';
import { pushStore } from './push.ts';
import { openStore, type Store } from './store.ts';

let folder: string;
let store: Store;
let push: PushStore;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'afield-push-'));
  store = openStore(join(folder, 'afield.db'));
  push = pushStore(store.db);
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

const row = (device_id: string, endpoint: string, more: Partial<PushRow> = {}): PushRow => ({
  device_id,
  endpoint,
  p256dh: 'key',
  auth: 'secret',
  expires_at: null,
  created_at: '2026-01-01T00:00:00.000Z',
  renewed_at: '2026-01-01T00:00:00.000Z',
  last_sent_at: null,
  last_confirmed_at: null,
  last_error: null,
  ...more,
});

describe('push subscriptions', () => {
  it('keeps one row a device: a renewal replaces it whole', () => {
    push.put(row('phone', 'https://push.example/1', { last_error: 'refused' }));
    push.put(row('phone', 'https://push.example/2', { renewed_at: '2026-01-02T00:00:00.000Z' }));
    expect(push.list()).toEqual([row('phone', 'https://push.example/2', { renewed_at: '2026-01-02T00:00:00.000Z' })]);
  });

  it('gives an endpoint to the device that brought it last, so that a phone paired again is told once', () => {
    push.put(row('old', 'https://push.example/1'));
    push.put(row('tablet', 'https://push.example/2'));
    push.put(row('new', 'https://push.example/1'));
    expect(push.list().map((r) => r.device_id)).toEqual(['new', 'tablet']);
    expect(push.get('old')).toBeNull();
  });

  it('updates what became of a message, and forgets', () => {
    push.put(row('phone', 'https://push.example/1'));
    push.update('phone', { last_sent_at: '2026-01-03T00:00:00.000Z', last_error: null });
    push.update('phone', {});
    push.update('nobody', { last_error: 'x' });
    expect(push.get('phone')?.last_sent_at).toBe('2026-01-03T00:00:00.000Z');
    push.delete('phone');
    push.delete('phone');
    expect(push.list()).toEqual([]);
  });
});
