import { describe, expect, it } from 'vitest';
import { toHex } from './conformance/noise-vectors.ts';
import {
  checkDigits,
  decodeHello,
  decodeIdentification,
  decodeServerHello,
  devicePskOf,
  encodeHello,
  encodeIdentification,
  encodeServerHello,
  fingerprintOf,
  pairingPsk,
  prologueOf,
} from './handshake.ts';
import { noblePrimitives } from './noble-primitives.ts';

const ticketId = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const changed = (bytes: Uint8Array, at: number, value: number) => {
  const copy = bytes.slice();
  copy[at] = value;
  return copy;
};

describe('handshake payloads', () => {
  it('msg1 and msg2 look as the protocol says', () => {
    expect(toHex(encodeHello({ mode: 'pair', ticketId }))).toBe(`010102030405060708${'00'.repeat(7)}`);
    expect(toHex(encodeHello({ mode: 'session', ticketId: new Uint8Array(8) }))).toBe('00'.repeat(16));
    expect(toHex(encodeServerHello({ serverTime: 0x6ab0_0001, lowestVersion: 1, highestVersion: 3 }))).toBe(
      `000000006ab000010103${'00'.repeat(6)}`,
    );
  });

  it('come back as they went', () => {
    const hello = { mode: 'pair', ticketId } as const;
    expect(decodeHello(encodeHello(hello))).toEqual(hello);
    const server = { serverTime: 1_790_000_000, lowestVersion: 1, highestVersion: 2 };
    expect(decodeServerHello(encodeServerHello(server))).toEqual(server);
    const identification = { label: 'Adas Telefon 📱', appVersion: '0.1.0-beta.2', lastSeq: 2 ** 53 - 1 };
    expect(encodeIdentification(identification)).toHaveLength(256);
    expect(decodeIdentification(encodeIdentification(identification))).toEqual(identification);
  });

  it('A21: refuse padding that is not zero, unknown modes, wrong sizes and numbers beyond 2^53', () => {
    const hello = encodeHello({ mode: 'pair', ticketId });
    for (const at of [9, 15]) expect(() => decodeHello(changed(hello, at, 1))).toThrow('not zero');
    expect(() => decodeHello(changed(encodeHello({ mode: 'session', ticketId: new Uint8Array(8) }), 3, 1))).toThrow('not zero');
    expect(() => decodeHello(changed(hello, 0, 2))).toThrow('mode');
    expect(() => decodeHello(hello.subarray(1))).toThrow('bytes');
    const server = encodeServerHello({ serverTime: 1, lowestVersion: 1, highestVersion: 1 });
    expect(() => decodeServerHello(changed(server, 10, 1))).toThrow('not zero');
    expect(() => decodeServerHello(changed(server, 0, 1))).toThrow('2^53');
    const identification = encodeIdentification({ label: 'a', appVersion: '1', lastSeq: 0 });
    expect(() => decodeIdentification(changed(identification, 2, 65))).toThrow('not zero');
    expect(() => decodeIdentification(changed(identification, 66, 65))).toThrow('not zero');
    expect(() => decodeIdentification(changed(identification, 88, 1))).toThrow('not zero');
    expect(() => decodeIdentification(changed(identification, 255, 1))).toThrow('not zero');
    expect(() => decodeIdentification(changed(identification, 0, 0xff))).toThrow();
    expect(() => decodeIdentification(changed(identification, 64, 7))).toThrow('ASCII');
    expect(() => decodeIdentification(changed(identification, 80, 1))).toThrow('2^53');
    expect(() => decodeIdentification(identification.subarray(1))).toThrow('bytes');
  });

  it.each([
    ['a'.repeat(300), 'a'.repeat(64)],
    ['📱'.repeat(40), '📱'.repeat(16)],
    [`${'a'.repeat(62)}é€`, `${'a'.repeat(62)}é`],
    [' \u0000phone\u001b[31m\n\u202egnp ', 'phone[31mgnp'],
    ['', ''],
  ])('a label of %j arrives as %j', (label, arrives) => {
    expect(decodeIdentification(encodeIdentification({ label, appVersion: 'x'.repeat(40), lastSeq: 0 }))).toMatchObject({
      label: arrives,
      appVersion: 'x'.repeat(16),
    });
  });

  it('a label with control characters from a device that does not clean it is cleaned here', () => {
    const bytes = encodeIdentification({ label: 'a b', appVersion: '', lastSeq: 0 });
    expect(decodeIdentification(changed(bytes, 1, 0x1b)).label).toBe('ab');
  });
});

describe('what both ends derive', () => {
  const q = new Uint8Array(32).fill(1);
  const hash = new Uint8Array(32).fill(2);

  it('the prologue is protocol, version and room', () => {
    expect(toHex(prologueOf(new Uint8Array(32).fill(0xab)))).toBe(`616669656c642f6532650001${'ab'.repeat(32)}`);
    expect(() => prologueOf(new Uint8Array(31))).toThrow('room');
  });

  it('the two psks are HKDF-SHA256 (RFC 5869) of q and differ in salt and info', async () => {
    const hkdf = async (salt: Uint8Array, info: string) => {
      const key = await crypto.subtle.importKey('raw', q.slice(), 'HKDF', false, ['deriveBits']);
      const parameters = { name: 'HKDF', hash: 'SHA-256', salt: salt.slice(), info: new TextEncoder().encode(info) };
      return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, 256));
    };
    const prologue = prologueOf(hash);
    expect(pairingPsk(noblePrimitives, q, prologue)).toEqual(await hkdf(prologue, 'afield pairing psk'));
    expect(devicePskOf(noblePrimitives, q, hash)).toEqual(await hkdf(hash, 'afield device psk'));
  });

  it('the check has six digits, zeros in front included, and follows the hash', () => {
    const checks = Array.from({ length: 200 }, (_, index) => checkDigits(noblePrimitives, new Uint8Array(32).fill(index)));
    for (const check of checks) expect(check).toMatch(/^\d{6}$/);
    expect(new Set(checks).size).toBeGreaterThan(190);
    expect(checks.some((check) => check.startsWith('0'))).toBe(true);
  });

  it('the fingerprint is 160 bits of SHA-256 in base 32 without I, L, O and U', () => {
    const key = new Uint8Array(32).fill(9);
    const fingerprint = fingerprintOf(noblePrimitives, key);
    expect(fingerprint).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){7}[0-9A-HJKMNP-TV-Z]{4}$/);
    const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
    const bits = [...fingerprint.replaceAll('-', '')].map((letter) => digits.indexOf(letter).toString(2).padStart(5, '0')).join('');
    const hex = (bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2).toString(16).padStart(2, '0')).join('');
    expect(hex).toBe(toHex(noblePrimitives.sha256(key).subarray(0, 20)));
    expect(() => fingerprintOf(noblePrimitives, key.subarray(1))).toThrow('server key');
  });
});
