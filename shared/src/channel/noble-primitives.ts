import { x25519 } from '@noble/curves/ed25519.js';
import { nobleSymmetric } from './noble-symmetric.ts';
import type { DhKeyPair, Primitives } from './primitives.ts';

/** A key in plain memory, from its 32 private bytes: shown to the user as a "software key". */
export function softwareKeyPair(privateKey: Uint8Array): DhKeyPair {
  return {
    publicKey: x25519.getPublicKey(privateKey),
    dh: (theirs) => x25519.getSharedSecret(privateKey, theirs),
  };
}

/** For browsers and for tests: no native code, no platform API but random numbers. */
export const noblePrimitives: Primitives = {
  ...nobleSymmetric,
  generateKeyPair: () => softwareKeyPair(x25519.utils.randomSecretKey()),
};
