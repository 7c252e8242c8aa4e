/** The browser's half of RFC 8291 over RFC 8188, written from the RFCs alone, so that it can judge what the server makes. */
import { createDecipheriv, createECDH, hkdfSync, randomBytes } from 'node:crypto';

/** What a browser keeps of a subscription. */
export interface BrowserKeys {
  /** P-256 scalar, 32 B. */
  privateKey: Buffer;
  /** Uncompressed point, 65 B. */
  publicKey: Buffer;
  /** Shared with the application server, 16 B. */
  auth: Buffer;
}

export function generateBrowserKeys(): BrowserKeys {
  const pair = createECDH('prime256v1');
  const publicKey = pair.generateKeys();
  return { privateKey: Buffer.from(pair.getPrivateKey('hex').padStart(64, '0'), 'hex'), publicKey, auth: randomBytes(16) };
}

const HEADER_BYTES = 21;
const TAG_BYTES = 16;

/** Opens an `aes128gcm` body of one record. Throws with the rule that it breaks. */
export function decryptPush(body: Buffer, keys: BrowserKeys): Buffer {
  // RFC 8188, 2.1: salt 16 | record size u32 | length of the key id u8 | key id
  if (body.length < HEADER_BYTES) throw new Error('shorter than its header');
  const salt = body.subarray(0, 16);
  const recordSize = body.readUInt32BE(16);
  const idLength = body.readUInt8(20);
  if (idLength !== 65) throw new Error('the key id must be the sender’s public key (RFC 8291, 4)');
  const senderKey = body.subarray(HEADER_BYTES, HEADER_BYTES + idLength);
  const record = body.subarray(HEADER_BYTES + idLength);
  if (record.length > recordSize || record.length < TAG_BYTES + 2) throw new Error('not exactly one record (RFC 8291, 4)');

  // RFC 8291, 3.3 and 3.4
  const pair = createECDH('prime256v1');
  pair.setPrivateKey(keys.privateKey);
  const shared = pair.computeSecret(senderKey);
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), keys.publicKey, senderKey]);
  const secret = Buffer.from(hkdfSync('sha256', shared, keys.auth, info, 32));
  const key = Buffer.from(hkdfSync('sha256', secret, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16));
  const nonce = Buffer.from(hkdfSync('sha256', secret, salt, Buffer.from('Content-Encoding: nonce\0'), 12));

  const cipher = createDecipheriv('aes-128-gcm', key, nonce);
  cipher.setAuthTag(record.subarray(-TAG_BYTES));
  const plain = Buffer.concat([cipher.update(record.subarray(0, -TAG_BYTES)), cipher.final()]);
  // RFC 8188, 2: the last record ends in 0x02 and zeros
  let end = plain.length - 1;
  while (end >= 0 && plain[end] === 0) end -= 1;
  if (plain[end] !== 2) throw new Error('the padding delimiter of a last record is missing');
  return plain.subarray(0, end);
}
