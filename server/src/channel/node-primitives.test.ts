import { existsSync, readFileSync } from 'node:fs';
import { CipherState } from '@afield/shared/channel/cipher-state.ts';
import { primitivesCases } from '@afield/shared/channel/conformance/primitives-cases.ts';
import { noblePrimitives, softwareKeyPair } from '@afield/shared/channel/noble-primitives.ts';
import { RecordOpener, RecordSealer } from '@afield/shared/channel/sealed-records.ts';
import { describe, expect, it } from 'vitest';
import { nodeKeyPair, nodePrimitives } from './node-primitives.ts';

/** The whole published file, for the patterns that are not ours, where it lies beside the repository. */
const published = new URL('../../../../shared/vectors/noise-25519-chachapoly-sha256.json', import.meta.url);
const vectors = existsSync(published) ? JSON.parse(readFileSync(published, 'utf8')).vectors : [];

primitivesCases('node', nodePrimitives, nodeKeyPair, vectors);

const bytes = (length: number, seed: number): Uint8Array => Uint8Array.from({ length }, (_, index) => (index * seed) % 251);
const lines = (from: number): Uint8Array =>
  new TextEncoder().encode(Array.from({ length: 90 }, (_, line) => `${from + line}\r\n`).join(''));

describe('node and noble give the same bytes', () => {
  it.each([0, 1, 63, 64, 65, 4096])('for %i bytes', async (length) => {
    const [key, ad, text] = [bytes(32, 3), bytes(length % 50, 5), bytes(length, 7)];
    for (const n of [0n, 1n, 2n ** 40n, 2n ** 64n - 2n]) {
      const sealed = nodePrimitives.seal(key, n, ad, text);
      expect(sealed).toEqual(noblePrimitives.seal(key, n, ad, text));
      expect(noblePrimitives.open(key, n, ad, sealed)).toEqual(text);
      expect(nodePrimitives.open(key, n, ad, sealed)).toEqual(text);
    }
    expect(nodePrimitives.sha256(ad, text)).toEqual(noblePrimitives.sha256(ad, text));
    expect(nodePrimitives.hmacSha256(key, ad, text)).toEqual(noblePrimitives.hmacSha256(key, ad, text));
    expect(nodeKeyPair(key).publicKey).toEqual(softwareKeyPair(key).publicKey);
    const other = softwareKeyPair(bytes(32, 11)).publicKey;
    expect(nodeKeyPair(key).dh(other)).toEqual(softwareKeyPair(key).dh(other));
  });

  it('refuses a private key of another length', () => {
    expect(() => nodeKeyPair(new Uint8Array(31))).toThrow('32 bytes');
  });
});

describe('compression across the two', () => {
  it.each([
    ['node', noblePrimitives, nodePrimitives],
    ['fflate', nodePrimitives, noblePrimitives],
  ] as const)('%s inflates what the other deflated', (_name, from, to) => {
    const text = lines(0);
    expect(to.compression.inflate(from.compression.deflate(text), text.length)).toEqual(text);
  });

  it.each([
    ['node', nodePrimitives],
    ['fflate', noblePrimitives],
  ] as const)('a stream keeps its window, and %s gets every push back whole', (_name, to) => {
    const deflate = nodePrimitives.compression.deflateStream?.();
    const inflate = to.compression.inflateStream();
    const random = nodePrimitives.random(70_000);
    // Longer than the window, incompressible, empty, tiny, and a repeat of what came long before.
    for (const push of [
      lines(0),
      lines(0),
      new Uint8Array(0),
      bytes(1, 1),
      random,
      lines(5),
      random.subarray(60_000),
      bytes(200_000, 3),
      lines(9),
    ]) {
      const deflated = deflate?.push(push) ?? new Uint8Array(0);
      expect(inflate.push(deflated, Math.max(push.length, 1))).toEqual(push);
    }
    const again = lines(9);
    expect(deflate?.push(again).length).toBeLessThan(again.length / 10);
  });
});

describe('A18: a long life', () => {
  it('stays in step over 30,000 records', () => {
    const key = nodePrimitives.random(32);
    const sealer = new RecordSealer(new CipherState(nodePrimitives, key.slice()), nodePrimitives.compression);
    const opener = new RecordOpener(new CipherState(noblePrimitives, key.slice()), noblePrimitives.compression);
    let wrong = 0;
    for (let count = 0; count < 30_000; count++) {
      const opened = opener.open(sealer.message(String(count))[0] as Uint8Array);
      if (opened?.kind !== 'message' || opened.text !== String(count)) wrong++;
    }
    expect(wrong).toBe(0);
  });

  it('compresses a screen that repeats itself, and a snapshot needs nothing of what came before', () => {
    const key = nodePrimitives.random(32);
    const sealer = new RecordSealer(new CipherState(nodePrimitives, key.slice()), nodePrimitives.compression);
    const opener = new RecordOpener(new CipherState(noblePrimitives, key.slice()), noblePrimitives.compression);
    const wire: number[] = [];
    for (const kind of [3, 1, 1, 3, 1]) {
      const frame = Uint8Array.of(
        kind,
        0,
        0,
        0,
        7,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        9,
        ...bytes(2000, 17),
        ...nodePrimitives.sha256(Uint8Array.of(wire.length)),
        ...lines(0),
      );
      const sealed = sealer.frame(frame);
      expect(opener.open(sealed[0] as Uint8Array)).toEqual({ kind: 'frame', frame });
      wire.push((sealed[0] as Uint8Array).length);
    }
    const [first, second, third, anew, last] = wire as [number, number, number, number, number];
    expect([second, third, last]).toEqual([272, 272, 272]);
    expect(anew).toBe(first);
    expect(first).toBeGreaterThan(500);
  });
});
