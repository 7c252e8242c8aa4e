import { afterEach, describe, expect, it, vi } from 'vitest';
import { createDeviceKey, openDeviceKey } from './device-key.ts';
import { browserPrimitives } from './primitives.ts';

/** As a browser whose WebCrypto knows no X25519. */
const withoutX25519 = () =>
  vi.spyOn(crypto.subtle, 'generateKey').mockRejectedValue(new DOMException('Unrecognized name.', 'NotSupportedError'));

afterEach(() => void vi.restoreAllMocks());

describe('the key of this device', () => {
  it('is locked into the browser where it can be', async () => {
    expect((await createDeviceKey()).kind).toBe('webcrypto');
  });

  it('is a software key where the browser has no X25519, and says so', async () => {
    withoutX25519();
    const key = await createDeviceKey();
    expect(key.kind).toBe('software');
  });

  it('both kinds agree on a secret', async () => {
    const hard = await openDeviceKey(await createDeviceKey());
    withoutX25519();
    const soft = await openDeviceKey(await createDeviceKey());
    expect(await hard.dh(soft.publicKey)).toEqual(await soft.dh(hard.publicKey));
  });

  it('A15: neither takes a point of low order', async () => {
    const hard = await openDeviceKey(await createDeviceKey());
    withoutX25519();
    const soft = await openDeviceKey(await createDeviceKey());
    const zero = new Uint8Array(32);
    await expect((async () => hard.dh(zero))()).rejects.toThrow();
    await expect((async () => soft.dh(zero))()).rejects.toThrow();
  });
});

describe('the key of one handshake', () => {
  it('comes from the browser, or is loaded', async () => {
    const first = await browserPrimitives.generateKeyPair();
    withoutX25519();
    const second = await browserPrimitives.generateKeyPair();
    expect(await first.dh(second.publicKey)).toEqual(await second.dh(first.publicKey));
    expect(first.publicKey).toHaveLength(32);
  });
});
