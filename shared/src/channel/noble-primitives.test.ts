import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { primitivesCases } from './conformance/primitives-cases.ts';
import { noblePrimitives, softwareKeyPair } from './noble-primitives.ts';
import { generateStoredKeyPair, storedKeyPair } from './webcrypto-key.ts';

/** The whole published file, for the patterns that are not ours, where it lies beside the repository. */
const published = new URL('../../../../shared/vectors/noise-25519-chachapoly-sha256.json', import.meta.url);
const vectors = existsSync(published) ? JSON.parse(readFileSync(published, 'utf8')).vectors : [];

primitivesCases('noble and fflate', noblePrimitives, softwareKeyPair, vectors);

describe('a key kept by WebCrypto', () => {
  it('cannot be read and agrees with a software key', async () => {
    const stored = await generateStoredKeyPair();
    expect(stored.privateKey.extractable).toBe(false);
    await expect(crypto.subtle.exportKey('raw', stored.privateKey)).rejects.toThrow();
    const key = await storedKeyPair(stored);
    const other = softwareKeyPair(noblePrimitives.random(32));
    expect(await key.dh(other.publicKey)).toEqual(await other.dh(key.publicKey));
  });

  it('A15: refuses a point of low order', async () => {
    const key = await storedKeyPair(await generateStoredKeyPair());
    await expect(key.dh(new Uint8Array(32))).rejects.toThrow();
  });
});
