import { concat } from './noise.ts';
import type { ChannelMode } from './opening.ts';
import type { Primitives } from './primitives.ts';

/** What the three handshake messages say (docs/protocol.md, section 2), and what both ends derive from the handshake. */

export const NOISE_PATTERN = 'XKpsk3';
/** First byte of msg1 and part of the prologue: a change of it is another protocol. */
export const CHANNEL_VERSION = 1;
const KEY_BYTES = 32;
const TAG_BYTES = 16;
export const TICKET_ID_BYTES = 8;
const LABEL_BYTES = 64;
const APP_VERSION_BYTES = 16;
const HELLO_BYTES = 16;
const IDENTITY_BYTES = 256;

/** Sizes on the wire. Fixed, so that nothing can be told from them. */
export const MSG1_BYTES = 1 + KEY_BYTES + HELLO_BYTES + TAG_BYTES;
export const MSG2_BYTES = KEY_BYTES + HELLO_BYTES + TAG_BYTES;
export const MSG3_BYTES = KEY_BYTES + TAG_BYTES + IDENTITY_BYTES + TAG_BYTES;

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder('utf-8', { fatal: true });
/** Control characters and the marks that turn the reading direction: never part of a name. */
const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]/gu;
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/** `"afield/e2e" || 0 || version || room`: binds the handshake to this protocol and this room. */
export function prologueOf(room: Uint8Array): Uint8Array {
  return concat(utf8.encode('afield/e2e\0'), Uint8Array.of(CHANNEL_VERSION), assertLength(room, KEY_BYTES, 'room'));
}

export interface Hello {
  mode: ChannelMode;
  /** 8 bytes; zeros in mode `session`. */
  ticketId: Uint8Array;
}

/** Payload of msg1: mode u8 | ticket id 8 | zeros 7. */
export function encodeHello({ mode, ticketId }: Hello): Uint8Array {
  const bytes = new Uint8Array(HELLO_BYTES);
  bytes[0] = mode === 'pair' ? 1 : 0;
  bytes.set(assertLength(ticketId, TICKET_ID_BYTES, 'ticket id'), 1);
  return bytes;
}

export function decodeHello(bytes: Uint8Array): Hello {
  assertLength(bytes, HELLO_BYTES, 'msg1');
  const mode = bytes[0];
  if (mode !== 0 && mode !== 1) throw new Error(`Unknown mode ${mode}.`);
  assertZero(bytes.subarray(1 + (mode === 1 ? TICKET_ID_BYTES : 0)));
  return { mode: mode === 1 ? 'pair' : 'session', ticketId: bytes.slice(1, 1 + TICKET_ID_BYTES) };
}

export interface ServerHello {
  /** Unix seconds. */
  serverTime: number;
  lowestVersion: number;
  highestVersion: number;
}

/** Payload of msg2: time u64 | lowest version u8 | highest version u8 | zeros 6. */
export function encodeServerHello({ serverTime, lowestVersion, highestVersion }: ServerHello): Uint8Array {
  const bytes = new Uint8Array(HELLO_BYTES);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(Math.floor(serverTime)));
  bytes[8] = lowestVersion;
  bytes[9] = highestVersion;
  return bytes;
}

export function decodeServerHello(bytes: Uint8Array): ServerHello {
  assertLength(bytes, HELLO_BYTES, 'msg2');
  assertZero(bytes.subarray(10));
  return { serverTime: readU64(bytes, 0), lowestVersion: bytes[8] as number, highestVersion: bytes[9] as number };
}

export interface Identification {
  label: string;
  appVersion: string;
  lastSeq: number;
}

/** Payload of msg3: label 64 | app version 16 | last event seq u64 | zeros 168. Cuts what is too long, at whole characters. */
export function encodeIdentification({ label, appVersion, lastSeq }: Identification): Uint8Array {
  const bytes = new Uint8Array(IDENTITY_BYTES);
  utf8.encodeInto(label.replace(UNPRINTABLE, '').trim(), bytes.subarray(0, LABEL_BYTES));
  utf8.encodeInto(appVersion.replace(/[^\x20-\x7e]/g, '?'), bytes.subarray(LABEL_BYTES, LABEL_BYTES + APP_VERSION_BYTES));
  new DataView(bytes.buffer).setBigUint64(LABEL_BYTES + APP_VERSION_BYTES, BigInt(lastSeq));
  return bytes;
}

export function decodeIdentification(bytes: Uint8Array): Identification {
  assertLength(bytes, IDENTITY_BYTES, 'msg3');
  const seqAt = LABEL_BYTES + APP_VERSION_BYTES;
  assertZero(bytes.subarray(seqAt + 8));
  const label = readText(bytes.subarray(0, LABEL_BYTES)).replace(UNPRINTABLE, '').trim();
  const appVersion = readText(bytes.subarray(LABEL_BYTES, seqAt));
  if (!PRINTABLE_ASCII.test(appVersion)) throw new Error('The app version is not ASCII.');
  return { label, appVersion, lastSeq: readU64(bytes, seqAt) };
}

/** HKDF-SHA256 (RFC 5869) with an output of one block, 32 bytes. */
function hkdf(primitives: Primitives, secret: Uint8Array, salt: Uint8Array, info: string): Uint8Array {
  return primitives.hmacSha256(primitives.hmacSha256(salt, secret), utf8.encode(info), Uint8Array.of(1));
}

/** The psk of a pairing handshake, from q of the link. */
export const pairingPsk = (primitives: Primitives, q: Uint8Array, prologue: Uint8Array): Uint8Array =>
  hkdf(primitives, q, prologue, 'afield pairing psk');

/** The psk of every later handshake of the device that paired with this one. */
export const devicePskOf = (primitives: Primitives, q: Uint8Array, handshakeHash: Uint8Array): Uint8Array =>
  hkdf(primitives, q, handshakeHash, 'afield device psk');

/** Six digits that people compare: '407912'. Whoever stands between has two handshakes, and two numbers. */
export function checkDigits(primitives: Primitives, handshakeHash: Uint8Array): string {
  const bytes = primitives.hmacSha256(handshakeHash, utf8.encode('afield check'));
  const number = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0) % 1_000_000n;
  return number.toString().padStart(6, '0');
}

/** Crockford's base 32: no I, L, O or U to misread. */
const BASE32 = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The first 160 bits of SHA-256 of a server's public key, in 8 groups of 4: '7K2M-Q9XD-4TBW-H06R-N8ZE-3CVA-J5PY-1SGF'. */
export function fingerprintOf(primitives: Primitives, serverKey: Uint8Array): string {
  let bits = 0n;
  for (const byte of primitives.sha256(assertLength(serverKey, KEY_BYTES, 'server key')).subarray(0, 20))
    bits = (bits << 8n) | BigInt(byte);
  const groups: string[] = [];
  for (let group = 0; group < 8; group++) {
    let text = '';
    for (let place = 0; place < 4; place++) text += BASE32[Number((bits >> BigInt(5 * (31 - (4 * group + place)))) & 31n)];
    groups.push(text);
  }
  return groups.join('-');
}

export function assertLength(bytes: Uint8Array, length: number, what: string): Uint8Array {
  if (bytes.length !== length) throw new RangeError(`The ${what} has ${bytes.length} bytes instead of ${length}.`);
  return bytes;
}

function assertZero(bytes: Uint8Array): void {
  if (bytes.some((byte) => byte !== 0)) throw new Error('Padding that is not zero.');
}

/** Text up to its zero padding. */
function readText(field: Uint8Array): string {
  const end = field.indexOf(0);
  if (end < 0) return strictUtf8.decode(field);
  assertZero(field.subarray(end));
  return strictUtf8.decode(field.subarray(0, end));
}

function readU64(bytes: Uint8Array, at: number): number {
  const value = Number(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(at));
  if (!Number.isSafeInteger(value)) throw new RangeError('A number beyond 2^53.');
  return value;
}
