import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { deflateSync, Inflate } from 'fflate';
import type { Compression, InflateStream, Primitives } from './primitives.ts';

/** fflate's fast end: a link message is compressed while somebody waits for it. */
const DEFLATE_LEVEL = 3;
/** Deflate expands at most 1,032 times, so one slice of input gives at most 4 MiB before the limit is looked at again. */
const INFLATE_SLICE_BYTES = 4096;

function nonce(n: bigint): Uint8Array {
  const bytes = new Uint8Array(12);
  new DataView(bytes.buffer).setBigUint64(4, n, true);
  return bytes;
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1) return chunks[0] as Uint8Array;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** Feeds `inflate` in slices, so that a bomb is noticed before it has gone off. */
function inflateBounded(inflate: Inflate, bytes: Uint8Array, maxBytes: number, final: boolean): Uint8Array {
  const chunks: Uint8Array[] = [];
  let length = 0;
  inflate.ondata = (chunk) => {
    length += chunk.length;
    if (length > maxBytes) throw new RangeError(`Inflates to more than ${maxBytes} bytes.`);
    chunks.push(chunk);
  };
  for (let at = 0; at < bytes.length; at += INFLATE_SLICE_BYTES) {
    const end = at + INFLATE_SLICE_BYTES;
    inflate.push(bytes.subarray(at, end), final && end >= bytes.length);
  }
  return joined(chunks, length);
}

const compression: Compression = {
  deflate: (bytes) => deflateSync(bytes, { level: DEFLATE_LEVEL }),
  inflate(bytes, maxBytes) {
    if (bytes.length === 0) throw new Error('No deflate data.');
    return inflateBounded(new Inflate(), bytes, maxBytes, true);
  },
  // fflate 0.8.3 ends a sync flush with a broken block, and a device sends no output that would need one.
  deflateStream: null,
  inflateStream(): InflateStream {
    const inflate = new Inflate();
    return { push: (bytes, maxBytes) => inflateBounded(inflate, bytes, maxBytes, false) };
  },
};

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
  compression,
};
