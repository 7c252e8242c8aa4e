import { describe, expect, it } from 'vitest';
import type { DhKeyPair, Primitives } from '../primitives.ts';
import { expectVector, fromHex, type NoiseVector, XKPSK3_VECTORS } from './noise-vectors.ts';

/** u of the points of order 1, 2, 4 and 8, the same plus p where that fits, and values that a reduction modulo p would change. */
export const BAD_POINTS: Record<string, Uint8Array> = {
  'u = 0': new Uint8Array(32),
  'u = 1': Uint8Array.of(1, ...new Uint8Array(31)),
  'order 8, first': fromHex('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800'),
  'order 8, second': fromHex('5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157'),
  'u = p - 1': fromHex(`ec${'ff'.repeat(30)}7f`),
  'u = p': fromHex(`ed${'ff'.repeat(30)}7f`),
  'u = p + 1': fromHex(`ee${'ff'.repeat(30)}7f`),
  'u = p + 9': fromHex(`f6${'ff'.repeat(30)}7f`),
  'high bit set': fromHex(`09${'00'.repeat(30)}80`),
  'all ones': new Uint8Array(32).fill(0xff),
};

/** Those above that a correct X25519 turns into zeros. */
const LOW_ORDER = ['u = 0', 'u = 1', 'order 8, first', 'order 8, second', 'u = p - 1', 'u = p', 'u = p + 1'] as const;

const utf8 = new TextEncoder();
const NOTHING = new Uint8Array(0);
const TEXT = utf8.encode(Array.from({ length: 5000 }, (_, line) => `${line}\tAfield says the same thing on every line\r\n`).join(''));

/** What every implementation of `Primitives` must do. `vectors` are the published ones, where they are at hand. */
export function primitivesCases(
  name: string,
  primitives: Primitives,
  keyPair: (privateKey: Uint8Array) => DhKeyPair,
  vectors: NoiseVector[],
): void {
  describe(`primitives of ${name}`, () => {
    it.each((vectors.length > 0 ? vectors : XKPSK3_VECTORS).map((vector, index) => [vector.protocol_name, index, vector] as const))(
      'plays the published vector of %s (%i)',
      async (_name, _index, vector) => {
        await expectVector(vector, primitives, keyPair);
      },
    );

    it('makes keys that agree with each other', async () => {
      const own = await primitives.generateKeyPair();
      const other = keyPair(primitives.random(32));
      expect(await own.dh(other.publicKey)).toEqual(await other.dh(own.publicKey));
      expect(own.publicKey).not.toEqual((await primitives.generateKeyPair()).publicKey);
    });

    it.each(LOW_ORDER)('A15: refuses to agree with the point %s', async (point) => {
      const key = await primitives.generateKeyPair();
      await expect((async () => key.dh(BAD_POINTS[point] as Uint8Array))()).rejects.toThrow();
    });

    it('opens what it sealed, and nothing that was changed', () => {
      const key = primitives.sha256(utf8.encode('key'));
      const sealed = primitives.seal(key, 2n ** 32n + 1n, utf8.encode('ad'), utf8.encode('text'));
      expect(primitives.open(key, 2n ** 32n + 1n, utf8.encode('ad'), sealed)).toEqual(utf8.encode('text'));
      for (let at = 0; at < sealed.length; at++) {
        const changed = sealed.slice();
        changed[at] = (changed[at] as number) ^ 1;
        expect(() => primitives.open(key, 2n ** 32n + 1n, utf8.encode('ad'), changed)).toThrow();
      }
      expect(() => primitives.open(key, 1n, utf8.encode('ad'), sealed)).toThrow();
      expect(() => primitives.open(key, 2n ** 32n + 1n, NOTHING, sealed)).toThrow();
      for (let length = 0; length < sealed.length; length++) {
        expect(() => primitives.open(key, 2n ** 32n + 1n, utf8.encode('ad'), sealed.subarray(0, length))).toThrow();
      }
    });

    it('inflates what it deflated', () => {
      const { deflate, inflate } = primitives.compression;
      const deflated = deflate(TEXT);
      expect(deflated.length).toBeLessThan(TEXT.length / 2);
      expect(inflate(deflated, TEXT.length)).toEqual(TEXT);
      expect(() => inflate(deflated, TEXT.length - 1)).toThrow();
      expect(() => inflate(deflated.subarray(0, deflated.length - 1), TEXT.length)).toThrow();
      expect(() => inflate(NOTHING, TEXT.length)).toThrow();
      expect(() => inflate(Uint8Array.of(7, 7, 7), TEXT.length)).toThrow();
    });

    it('A20: stops inflating a bomb at its limit', () => {
      const { deflate, inflate, inflateStream } = primitives.compression;
      const bomb = deflate(new Uint8Array(32 * 1024 * 1024));
      expect(bomb.length).toBeLessThan(400_000);
      expect(() => inflate(bomb, 1024 * 1024)).toThrow();
      expect(() => inflateStream().push(bomb, 1024 * 1024)).toThrow();
      const small = deflate(new Uint8Array(1024 * 1024));
      expect(small.length).toBeLessThan(10_000);
      expect(() => inflateStream().push(small, 1024 * 1024 - 1)).toThrow();
      expect(() => inflateStream().push(deflate(TEXT.subarray(0, 1000)), 999)).toThrow();
    });
  });
}
