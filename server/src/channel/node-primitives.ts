import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { DeflateHistory } from '@afield/shared/channel/deflate-history.ts';
import type { Compression, DhKeyPair, Primitives } from '@afield/shared/channel/primitives.ts';

const TAG_BYTES = 16;
const AEAD = 'chacha20-poly1305';
/** PKCS #8 and SubjectPublicKeyInfo of X25519 (RFC 8410) up to the 32 raw bytes. */
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');
const PUBLIC_PREFIX = Buffer.from('302a300506032b656e032100', 'hex');

/** Level 3 takes two thirds of the time of zlib's default 6 on terminal output, and gives 2 % more bytes. */
const DEFLATE_LEVEL = 3;

/** A plain view: Buffer's `slice` does not copy as Uint8Array's does. */
const plain = (buffer: Buffer): Uint8Array => new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);

function keyPair(privateKey: KeyObject): DhKeyPair {
  const publicKey = plain(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(PUBLIC_PREFIX.length));
  return {
    publicKey,
    dh(theirs) {
      const key = Buffer.concat([PUBLIC_PREFIX, theirs]);
      // OpenSSL refuses an all-zero result.
      return plain(diffieHellman({ privateKey, publicKey: createPublicKey({ key, format: 'der', type: 'spki' }) }));
    },
  };
}

/** The key with these 32 private bytes (any random ones will do): how the server's own key is read from its file. */
export function nodeKeyPair(privateKey: Uint8Array): DhKeyPair {
  if (privateKey.length !== 32) throw new RangeError('An X25519 private key has 32 bytes.');
  return keyPair(createPrivateKey({ key: Buffer.concat([PRIVATE_PREFIX, privateKey]), format: 'der', type: 'pkcs8' }));
}

function nonce(n: bigint): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeBigUInt64LE(n, 4);
  return bytes;
}

function seal(key: Uint8Array, n: bigint, ad: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const cipher = createCipheriv(AEAD, key, nonce(n), { authTagLength: TAG_BYTES });
  if (ad.length > 0) cipher.setAAD(ad, { plaintextLength: plaintext.length });
  const sealed = Buffer.allocUnsafe(plaintext.length + TAG_BYTES);
  sealed.set(cipher.update(plaintext), 0);
  cipher.final();
  sealed.set(cipher.getAuthTag(), plaintext.length);
  return plain(sealed);
}

function open(key: Uint8Array, n: bigint, ad: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  const length = ciphertext.length - TAG_BYTES;
  if (length < 0) throw new RangeError('Shorter than its tag.');
  const decipher = createDecipheriv(AEAD, key, nonce(n), { authTagLength: TAG_BYTES });
  if (ad.length > 0) decipher.setAAD(ad, { plaintextLength: length });
  decipher.setAuthTag(ciphertext.subarray(length));
  const plaintext = decipher.update(ciphertext.subarray(0, length));
  decipher.final();
  return plain(plaintext);
}

/** What came before, for zlib; the sync flush ends on a byte and leaves the stream open. */
function going(history: DeflateHistory): { dictionary?: Uint8Array; finishFlush: number } {
  const finishFlush = constants.Z_SYNC_FLUSH;
  return history.window.length === 0 ? { finishFlush } : { finishFlush, dictionary: history.window };
}

const compression: Compression = {
  deflate: (bytes) => plain(deflateRawSync(bytes, { level: DEFLATE_LEVEL })),
  inflate: (bytes, maxBytes) => plain(inflateRawSync(bytes, { maxOutputLength: maxBytes })),
  deflateStream() {
    const history = new DeflateHistory();
    return {
      push(bytes) {
        const deflated = deflateRawSync(bytes, { level: DEFLATE_LEVEL, ...going(history) });
        history.add(bytes);
        return plain(deflated);
      },
    };
  },
  inflateStream() {
    const history = new DeflateHistory();
    return {
      push(bytes, maxBytes) {
        const inflated = inflateRawSync(bytes, { maxOutputLength: maxBytes, ...going(history) });
        history.add(inflated);
        return plain(inflated);
      },
    };
  },
};

/** The server's cryptography: OpenSSL and zlib by way of Node. */
export const nodePrimitives: Primitives = {
  random: (length) => plain(randomBytes(length)),
  sha256(...parts) {
    const hash = createHash('sha256');
    for (const part of parts) hash.update(part);
    return plain(hash.digest());
  },
  hmacSha256(key, ...parts) {
    const mac = createHmac('sha256', key);
    for (const part of parts) mac.update(part);
    return plain(mac.digest());
  },
  generateKeyPair: () => keyPair(generateKeyPairSync('x25519').privateKey),
  seal,
  open,
  compression,
};
