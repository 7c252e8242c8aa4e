import type { DhKeyPair } from './primitives.ts';

/** A pair as WebCrypto keeps it; it can be stored in IndexedDB as it is, the private half unreadable. */
export interface StoredKeyPair {
  privateKey: CryptoKey;
  publicKey: CryptoKey;
}

/** A new X25519 key whose private half no script can read. Rejects where the browser has no X25519: use a software key then. */
export async function generateStoredKeyPair(): Promise<StoredKeyPair> {
  // Typed wider than it is: with `extractable` false only the private half is locked.
  return (await crypto.subtle.generateKey({ name: 'X25519' }, false, ['deriveBits'])) as StoredKeyPair;
}

/** The channel's view of a stored key. */
export async function storedKeyPair({ privateKey, publicKey }: StoredKeyPair): Promise<DhKeyPair> {
  return {
    publicKey: new Uint8Array(await crypto.subtle.exportKey('raw', publicKey)),
    async dh(theirs) {
      const other = await crypto.subtle.importKey('raw', theirs.slice(), { name: 'X25519' }, false, []);
      const secret = new Uint8Array(await crypto.subtle.deriveBits({ name: 'X25519', public: other }, privateKey, 256));
      // Engines differ in whether they check this themselves (RFC 7748, section 6.1).
      if (secret.every((byte) => byte === 0)) throw new Error('The other key is a point of low order.');
      return secret;
    },
  };
}
