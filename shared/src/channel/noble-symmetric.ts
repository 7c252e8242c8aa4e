import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { fflateCompression } from './fflate-compression.ts';
import type { Primitives } from './primitives.ts';

function nonce(n: bigint): Uint8Array {
  const bytes = new Uint8Array(12);
  new DataView(bytes.buffer).setBigUint64(4, n, true);
  return bytes;
}

/** All but the keys, so that a browser whose WebCrypto has X25519 need not load a second one. */
export const nobleSymmetric: Omit<Primitives, 'generateKeyPair'> = {
  random: (length) => crypto.getRandomValues(new Uint8Array(length)),
  sha256(...parts) {
    const hash = sha256.create();
    for (const part of parts) hash.update(part);
    return hash.digest();
  },
  hmacSha256(key, ...parts) {
    const mac = hmac.create(sha256, key);
    for (const part of parts) mac.update(part);
    return mac.digest();
  },
  seal: (key, n, ad, plaintext) => chacha20poly1305(key, nonce(n), ad).encrypt(plaintext),
  open: (key, n, ad, ciphertext) => chacha20poly1305(key, nonce(n), ad).decrypt(ciphertext),
  compression: fflateCompression,
};
