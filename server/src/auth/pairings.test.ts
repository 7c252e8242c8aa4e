import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEventLog } from '../core/event-log.ts';
import type { Identity } from '../core/identity.ts';
import { type ManualClock, manualClock } from '../core/manual-clock.ts';
import { deviceStore } from '../store/devices.ts';
import { openStore, type Store } from '../store/store.ts';
import { createDevices, type Devices } from './devices.ts';
import { createPairings, MAX_TICKET_FAILURES, type PairingLink, type Pairings, TICKET_MS } from './pairings.ts';

const OWNER: Identity = { kind: 'token', device_id: null, device_name: 'desk', user: 'owner', scopes: ['*'], valid: () => true };

let folder: string;
let store: Store;
let clock: ManualClock;
let devices: Devices;
let pairings: Pairings;
let told: AfieldEvent[];
let ended: string[];
let link: PairingLink;

function build() {
  store = openStore(path.join(folder, 'afield.db'));
  const events = createEventLog(store.events, clock);
  events.subscribe((event) => told.push(event));
  devices = createDevices({
    store: deviceStore(store),
    clock,
    newId: randomUUID,
    events,
    connections: { online: () => false, endDevice: (id) => ended.push(`lines ${id}`) },
    push: { stateOf: () => null, forget: (id) => ended.push(`push ${id}`) },
  });
  pairings = createPairings({
    clock,
    random: randomBytes,
    devices,
    fingerprint: 'F',
    linkOf: (given) => {
      link = { ...given, q: given.q.slice() };
      return 'https://page/#pair';
    },
  });
}
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'afield-pairings-'));
  clock = manualClock();
  told = [];
  ended = [];
  build();
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

const attempt = () => ({ ticketId: link.ticketId, devicePublicKey: randomBytes(32) });
const finish = (key: Uint8Array = randomBytes(32)) =>
  pairings.commit({ ...attempt(), devicePublicKey: key, label: 'Phone', appVersion: '1', check: '123456', devicePsk: randomBytes(32) });

describe('pairing tickets', () => {
  it('let one device in, durably, and say so', () => {
    const ticket = pairings.create(OWNER, ['*']);
    expect(ticket).toMatchObject({ state: 'open', link: 'https://page/#pair', fingerprint: 'F', check: null, device: null });
    expect(Buffer.from(pairings.lookup(attempt())?.secret ?? [])).toEqual(Buffer.from(link.q));
    const key = randomBytes(32);
    const identity = finish(key);
    expect(identity).toMatchObject({ kind: 'device', device_name: 'Phone', user: 'owner', scopes: ['*'] });
    expect(identity.valid()).toBe(true);
    expect(pairings.get(OWNER, ticket.id)).toMatchObject({ state: 'paired', check: '123456', device: { name: 'Phone' } });
    expect(pairings.get(OWNER, ticket.id)).not.toHaveProperty('link');
    expect(told.map((event) => event.type)).toEqual(['device.paired']);

    store.close();
    build();
    expect(devices.lookup(key)?.identity.device_id).toBe(identity.device_id);
  });

  it('A2: are good once', () => {
    pairings.create(OWNER, ['*']);
    finish();
    expect(pairings.lookup(attempt())).toBeNull();
    expect(() => finish()).toThrow('not open');
    expect(devices.list(null)).toHaveLength(1);
  });

  it('A3: two that race give exactly one device row', () => {
    pairings.create(OWNER, ['*']);
    expect(pairings.lookup(attempt())).not.toBeNull();
    expect(pairings.lookup(attempt())).not.toBeNull();
    finish();
    expect(() => finish()).toThrow('not open');
    expect(devices.count).toBe(1);
    expect(deviceStore(store).all()).toHaveLength(1);
  });

  it('A4: expire on a clock that cannot be moved back', () => {
    const ticket = pairings.create(OWNER, ['*']);
    clock.advance(TICKET_MS - 1);
    expect(pairings.lookup(attempt())).not.toBeNull();
    clock.advance(1);
    clock.now = () => 0;
    expect(pairings.lookup(attempt())).toBeNull();
    expect(() => finish()).toThrow('not open');
    expect(pairings.get(OWNER, ticket.id).state).toBe('expired');
  });

  it(`A1: burn after ${MAX_TICKET_FAILURES} failures`, () => {
    const ticket = pairings.create(OWNER, ['*']);
    for (let failure = 1; failure <= MAX_TICKET_FAILURES; failure++) {
      expect(pairings.lookup(attempt())).not.toBeNull();
      pairings.failed(attempt());
    }
    expect(pairings.lookup(attempt())).toBeNull();
    expect(pairings.get(OWNER, ticket.id).state).toBe('burnt');
  });

  it('are tried at most ten times a minute, all together', () => {
    pairings.create(OWNER, ['*']);
    const unknown = () => pairings.lookup({ ticketId: randomBytes(8), devicePublicKey: randomBytes(32) });
    for (let tries = 0; tries < 10; tries++) expect(unknown()).toBeNull();
    expect(pairings.lookup(attempt())).toBeNull();
    clock.advance(60_000);
    expect(pairings.lookup(attempt())).not.toBeNull();
  });

  it('replace an open one of the same user, and are remembered for a while only', () => {
    const first = pairings.create(OWNER, ['*']);
    const old = attempt();
    for (let more = 0; more < 16; more++) pairings.create(OWNER, ['*']);
    expect(pairings.lookup(old)).toBeNull();
    expect(() => pairings.get(OWNER, first.id)).toThrow('No such pairing ticket');
    expect(() => pairings.get({ ...OWNER, user: 'other' }, 'x')).toThrow('No such pairing ticket');
  });

  it('C14, C15: nobody gives away more than they have', () => {
    const reader: Identity = { ...OWNER, scopes: ['sessions:read', 'devices:*'] };
    for (const scopes of [['*'], ['sessions:*'], ['sessions:input'], ['sessions:read', 'system:read'], ['devices:*', '*']]) {
      expect(() => pairings.create(reader, scopes)).toThrow('you cannot give it');
    }
    for (const scope of ['', 'sessions', 'sessions-admin:*', '*:*', 'sessions:**', 'ſessions:read', 'sessions:read ', ' *']) {
      expect(() => pairings.create(OWNER, [scope])).toThrow('is no scope');
    }
    expect(pairings.create(reader, ['sessions:read', 'devices:write', 'devices:*']).state).toBe('open');
  });
});

describe('devices', () => {
  const pair = (key?: Uint8Array) => {
    pairings.create(OWNER, ['*']);
    return finish(key);
  };

  it('A5: an unknown one and a revoked one are looked up alike', () => {
    const key = randomBytes(32);
    const identity = pair(key);
    expect(devices.lookup(key)).not.toBeNull();
    devices.revoke(identity.device_id as string);
    expect(devices.lookup(key)).toBeNull();
    expect(devices.lookup(randomBytes(32))).toBeNull();
  });

  it('A24: end in the tick of their revocation: identity, lines, pushes; and stay revoked after a restart', () => {
    const key = randomBytes(32);
    const identity = pair(key);
    const id = identity.device_id as string;
    devices.revoke(id);
    expect(identity.valid()).toBe(false);
    expect(ended).toEqual([`lines ${id}`, `push ${id}`]);
    expect(told.at(-1)).toMatchObject({ type: 'device.revoked', payload: { device_id: id } });
    expect(devices.list(null)[0]).toMatchObject({ id, online: false });
    expect(devices.list(null)[0]?.revoked_at).not.toBeNull();

    devices.revoke(id);
    expect(told).toHaveLength(2);
    store.close();
    build();
    expect(devices.lookup(key)).toBeNull();
    expect(deviceStore(store).all()[0]).toMatchObject({ epoch: 1 });
  });

  it('pair again with the same key: the older row ends, the new one counts', () => {
    const key = randomBytes(32);
    const first = pair(key);
    const second = pair(key);
    expect(first.valid()).toBe(false);
    expect(second.valid()).toBe(true);
    expect(ended).toEqual([`lines ${first.device_id}`, `push ${first.device_id}`]);
    expect(devices.list(null).map((device) => device.id)).toEqual([second.device_id]);
    devices.revoke(second.device_id as string);
    expect(pair(key).valid()).toBe(true);
  });

  it('are renamed everywhere at once, and unknown ones are not found', () => {
    const identity = pair();
    expect(devices.rename(identity.device_id as string, 'Old phone', identity.device_id)).toMatchObject({
      name: 'Old phone',
      current: true,
    });
    expect(identity.device_name).toBe('Old phone');
    for (const act of [() => devices.rename('x', 'y', null), () => devices.revoke('x')]) expect(act).toThrow('ever paired');
  });

  it('never show a key', () => {
    pair();
    const text = JSON.stringify(devices.list(null)) + JSON.stringify(told);
    expect(text).not.toContain('psk');
    expect(text).not.toContain('public_key');
  });
});
