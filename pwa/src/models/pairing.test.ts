import { AfieldError } from '@afield/shared/errors.ts';
import { describe, expect, it } from 'vitest';
import { NOW } from '../../test/sessions.ts';
import type { StoredKey } from '../platform/device-key.ts';
import type { HomeRecord } from '../platform/store.ts';
import { type PairingDependencies, type PairingDoor, PairingModel, type PairingOffer, relayHost } from './pairing.ts';

const offer: PairingOffer = {
  room: new Uint8Array(32).fill(1),
  server_key: new Uint8Array(32).fill(2),
  ticket_id: new Uint8Array(8).fill(3),
  secret: new Uint8Array(32).fill(4),
  expires_at: NOW + 100_000,
  relay_url: 'wss://relay.example.net/',
  home_id: 'home-1',
  fingerprint: '7K2M-Q9XD-4TBW-H06R-N8ZE-3CVA-J5PY-1SGF',
};
const key: StoredKey = { kind: 'software', secret_key: new Uint8Array(32).fill(5) };
const established = { device_psk: new Uint8Array(32).fill(6), check: '407912' };

/** A pairing whose other end and storage write down, in order, what they were asked. */
function pairing(door: Partial<PairingDoor> = {}, more: Partial<PairingDependencies> = {}) {
  const steps: string[] = [];
  const paired: HomeRecord[] = [];
  const pending: HomeRecord[] = [];
  const model = new PairingModel({
    door: {
      read: () => offer,
      async pair(_offer, { save }) {
        steps.push('msg1');
        await save(established);
        steps.push('msg3');
      },
      verify: async () => void steps.push('verify'),
      ...door,
    },
    store: {
      savePairing: async (record) => {
        steps.push('save');
        pending.push(record);
      },
      finishPairing: async () => void steps.push('finish'),
      dropPairing: async () => void steps.push('drop'),
    },
    createKey: async () => key,
    defaultLabel: 'Android phone',
    now: () => NOW,
    onPaired: (record) => paired.push(record),
    ...more,
  });
  return { model, steps, paired, pending };
}

const refuse = (code: 'unauthenticated' | 'relay_unreachable' | 'unavailable') => () =>
  Promise.reject(new AfieldError(code, `because ${code}`));

describe('a link', () => {
  it('E11: is shown, and nothing is dialled until a person agrees', () => {
    const { model, steps } = pairing();
    model.offerLink(' https://app.example/#pair=v1.x ');
    expect(model.step.value).toBe('server');
    expect(model.offer.value?.fingerprint).toBe(offer.fingerprint);
    expect(model.host.value).toBe('relay.example.net');
    expect(steps).toEqual([]);
  });

  it('E12: what is no pairing link is refused with a sentence', () => {
    const { model } = pairing({
      read() {
        throw new AfieldError('bad_request', 'This is no Afield pairing code.');
      },
    });
    model.offerLink('https://evil.example/');
    expect(model.step.value).toBe('link');
    expect(model.error.value).toBe('This is no Afield pairing code.');
  });

  it('"not the same" forgets it', async () => {
    const { model, steps } = pairing();
    model.offerLink('x');
    model.stop();
    await model.connect();
    expect(model.offer.value).toBeNull();
    expect(model.stopped.value).toBe(true);
    expect(steps).toEqual([]);
  });

  it('one that has run out is not dialled', async () => {
    const { model, steps } = pairing({}, { now: () => offer.expires_at + 1 });
    model.offerLink('x');
    await model.connect();
    expect(steps).toEqual([]);
    expect(model.error.value).toContain('afield pair');
  });
});

describe('the handshake', () => {
  it('A23: the record is stored before msg3 leaves, and becomes the home once home has answered', async () => {
    const { model, steps, paired } = pairing();
    model.offerLink('x');
    model.label.value = '  My phone ';
    await model.connect();
    expect(steps).toEqual(['msg1', 'save', 'msg3', 'finish']);
    expect(paired).toEqual([
      {
        home_id: 'home-1',
        server_key: offer.server_key,
        room: offer.room,
        relay_url: offer.relay_url,
        key,
        label: 'My phone',
        created_at: new Date(NOW).toISOString(),
        ...established,
      },
    ]);
    expect(model.step.value).toBe('check');
    expect(model.check.value).toBe('407912');
    expect(model.softwareKey.value).toBe(true);
    expect(model.offer.value).toBeNull();
  });

  it('the ticket is in no record', async () => {
    const { model, pending } = pairing();
    model.offerLink('x');
    await model.connect();
    expect(JSON.stringify(Object.keys(pending[0] ?? {}))).not.toMatch(/secret|ticket/);
  });

  it('a refusal before anything was stored leaves nothing behind', async () => {
    const { model, steps, paired } = pairing({ pair: refuse('unauthenticated') });
    model.offerLink('x');
    await model.connect();
    expect(model.error.value).toContain('Home did not take this code.');
    expect(model.step.value).toBe('link');
    expect(steps).toEqual([]);
    expect(paired).toEqual([]);
    expect(model.busy.value).toBe(false);
  });

  it('A23: a lost reply is repaired by an ordinary handshake', async () => {
    const { model, steps, paired } = pairing({
      async pair(_offer, { save }) {
        await save(established);
        throw new AfieldError('unavailable', 'cut');
      },
    });
    model.offerLink('x');
    await model.connect();
    expect(steps).toEqual(['save', 'verify', 'finish']);
    expect(paired).toHaveLength(1);
    expect(model.error.value).toBeNull();
  });

  it('home refused after all: the unfinished pairing goes, an older home stays', async () => {
    const { model, steps, paired } = pairing({
      async pair(_offer, { save }) {
        await save(established);
        throw new AfieldError('unauthenticated', '');
      },
      verify: refuse('unauthenticated'),
    });
    model.offerLink('x');
    await model.connect();
    expect(steps).toEqual(['save', 'drop']);
    expect(paired).toEqual([]);
    expect(model.error.value).toContain('Home did not take this code.');
  });

  it('nobody reached after msg3: the record stays for the next start', async () => {
    const { model, steps } = pairing({
      async pair(_offer, { save }) {
        await save(established);
        throw new AfieldError('unavailable', 'The line was cut.');
      },
      verify: refuse('relay_unreachable'),
    });
    model.offerLink('x');
    await model.connect();
    expect(steps).toEqual(['save']);
    expect(model.error.value).toBe('The line was cut.');
  });

  it('a record that cannot be stored stops the handshake', async () => {
    const { model, steps } = pairing(
      {},
      {
        store: {
          savePairing: () => Promise.reject(new Error('quota')),
          finishPairing: async () => undefined,
          dropPairing: async () => undefined,
        },
      },
    );
    model.offerLink('x');
    await model.connect();
    expect(steps).toEqual(['msg1']);
    expect(model.error.value).toContain('Pairing did not work here.');
  });

  it('a second tap while it runs does nothing', async () => {
    let calls = 0;
    const { model } = pairing({
      async pair() {
        calls += 1;
      },
    });
    model.offerLink('x');
    await Promise.all([model.connect(), model.connect()]);
    expect(calls).toBe(1);
  });
});

describe('an unfinished pairing of an earlier visit', () => {
  const record = { home_id: 'home-1', check: '123456', key } as HomeRecord;

  it('becomes the home when home took it', async () => {
    const { model, paired } = pairing();
    await model.resume(record);
    expect(paired).toEqual([record]);
    expect(model.check.value).toBe('123456');
  });

  it('goes when home did not', async () => {
    const { model, paired, steps } = pairing({ verify: refuse('unauthenticated') });
    await model.resume(record);
    expect(paired).toEqual([]);
    expect(steps).toEqual(['drop']);
    expect(model.busy.value).toBe(false);
  });
});

describe('relayHost', () => {
  it('shows the host alone, not what pretends to be one', () => {
    expect(relayHost('wss://relay.example.net:8443/path')).toBe('relay.example.net:8443');
    expect(relayHost('wss://good.example@evil.example/')).toBe('evil.example');
  });
});
