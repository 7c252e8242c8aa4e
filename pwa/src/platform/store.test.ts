import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { session } from '../../test/sessions.ts';
import { createDeviceKey, openDeviceKey } from './device-key.ts';
import { type HomeRecord, MAX_SNAPSHOT_SESSIONS, OUTBOX, openStore } from './store.ts';

let count = 0;
/** A database of its own for each test. */
const fresh = () => openStore(`test-${++count}`);

const record = (home_id: string, fields: Partial<HomeRecord> = {}): HomeRecord => ({
  home_id,
  server_key: new Uint8Array(32).fill(1),
  room: new Uint8Array(32).fill(2),
  relay_url: 'wss://relay.example.net/',
  device_psk: new Uint8Array(32).fill(3),
  key: { kind: 'software', secret_key: new Uint8Array(32).fill(4) },
  label: 'phone',
  check: null,
  created_at: '2026-11-20T12:00:00.000Z',
  ...fields,
});
const snapshot = (home_id: string, size = 1) => ({
  home_id,
  sessions: Array.from({ length: size }, (_, index) => session({ name: `${index}`, minutes: 1 })),
  last_seq: 7,
  seen_at: 8,
});

describe('the store', () => {
  it('is empty at first', async () => {
    const store = fresh();
    expect(await store.listHomes()).toEqual([]);
    expect(await store.loadPairing()).toBeNull();
    expect(await store.loadSnapshot('home-1')).toBeNull();
    expect(await store.readPreference('x')).toBeUndefined();
  });

  it('gives back what it was given', async () => {
    const store = fresh();
    await store.saveHome(record('home-1'));
    expect(await store.listHomes()).toEqual([record('home-1')]);
    await store.writePreference('draft', { prompt: 'p' });
    expect(await store.readPreference('draft')).toEqual({ prompt: 'p' });
  });

  it('keeps a key that nobody can read, and it still works', async () => {
    const store = fresh();
    const key = await createDeviceKey();
    expect(key.kind).toBe('webcrypto');
    await store.saveHome(record('home-1', { key }));
    const [home] = await store.listHomes();
    const before = await openDeviceKey(key);
    const after = await openDeviceKey(home!.key);
    expect(after.publicKey).toEqual(before.publicKey);
    const other = await openDeviceKey(await createDeviceKey());
    expect(await after.dh(other.publicKey)).toEqual(await other.dh(before.publicKey));
    if (home?.key.kind === 'webcrypto') await expect(crypto.subtle.exportKey('pkcs8', home.key.pair.privateKey)).rejects.toThrow();
  });

  it('A23: an unfinished pairing stands beside the home that works, and replaces it only once it is finished', async () => {
    const store = fresh();
    await store.saveHome(record('home-1', { label: 'old' }));
    await store.saveSnapshot(snapshot('home-1'));
    await store.savePairing(record('home-1', { label: 'new', check: '407912' }));
    expect((await store.listHomes()).map((home) => home.label)).toEqual(['old']);
    expect((await store.loadPairing())?.label).toBe('new');

    await store.finishPairing(record('home-1', { label: 'new', check: '407912' }));
    expect((await store.listHomes()).map((home) => home.label)).toEqual(['new']);
    expect(await store.loadPairing()).toBeNull();
    expect(await store.loadSnapshot('home-1')).not.toBeNull();
  });

  it('pairing with another home ends the first one on this device', async () => {
    const store = fresh();
    await store.saveHome(record('home-1'));
    await store.saveSnapshot(snapshot('home-1'));
    await store.finishPairing(record('home-2'));
    expect((await store.listHomes()).map((home) => home.home_id)).toEqual(['home-2']);
    expect(await store.loadSnapshot('home-1')).toBeNull();
  });

  it('a dropped pairing leaves the home', async () => {
    const store = fresh();
    await store.saveHome(record('home-1'));
    await store.savePairing(record('home-2'));
    await store.dropPairing();
    expect(await store.loadPairing()).toBeNull();
    expect(await store.listHomes()).toHaveLength(1);
  });

  it('forgetting a home takes its keys and its list', async () => {
    const store = fresh();
    await store.saveHome(record('home-1'));
    await store.saveSnapshot(snapshot('home-1'));
    await store.forgetHome('home-1');
    expect(await store.listHomes()).toEqual([]);
    expect(await store.loadSnapshot('home-1')).toBeNull();
  });

  it('messages that wait for a home go with it, and stay with one that is paired anew', async () => {
    const store = fresh();
    await store.saveHome(record('home-1'));
    await store.writePreference(OUTBOX, [{ id: 'prompt-1' }]);
    await store.finishPairing(record('home-1'));
    expect(await store.readPreference(OUTBOX)).toHaveLength(1);
    await store.finishPairing(record('home-2'));
    expect(await store.readPreference(OUTBOX)).toBeUndefined();
    await store.writePreference(OUTBOX, [{ id: 'prompt-2' }]);
    await store.forgetHome('home-2');
    expect(await store.readPreference(OUTBOX)).toBeUndefined();
  });

  it('a snapshot does not grow without a bound', async () => {
    const store = fresh();
    await store.saveSnapshot(snapshot('home-1', MAX_SNAPSHOT_SESSIONS + 50));
    expect((await store.loadSnapshot('home-1'))?.sessions).toHaveLength(MAX_SNAPSHOT_SESSIONS);
  });

  it('two tabs share it', async () => {
    count += 1;
    const [one, two] = [openStore(`test-${count}`), openStore(`test-${count}`)];
    await one.saveHome(record('home-1'));
    expect(await two.listHomes()).toHaveLength(1);
  });
});
