import type { DhKeyPair } from './primitives.ts';

/** `CryptoKey`, by a name that both the browser's and Node's types know. */
type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** A pair as WebCrypto keeps it; it can be stored in IndexedDB as it is, the private half unreadable. */
export interface StoredKeyPair {
  privateKey: Key;
  publicKey: Key;
}

/** A new X25519 key whose private half no script can read. Rejects where the browser has no X25519: use a software key then. */
export async function generateStoredKeyPair(): Promise<StoredKeyPair> {
  // `extractable` false locks the private half only. The types know X25519 only by name, as an algorithm that may give one key.
  return (await crypto.subtle.generateKey({ name: 'X25519' }, false, ['deriveBits'])) as unknown as StoredKeyPair;
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
