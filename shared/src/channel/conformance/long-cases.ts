import { describe, expect, it } from 'vitest';
import { flipBit, memorySocketPair } from '../../link/memory-pair.ts';
import { MSG1_BYTES, MSG2_BYTES, MSG3_BYTES } from '../handshake.ts';
import { bareChannels, type Ends, GOODBYE, scene } from './house.ts';

/** Cases that take a second or more: for one choice of cryptography in each package, since the bytes are the same for all. */
export function longCases(name: string, ends: Ends): void {
  describe(`at length, ${name}`, () => {
    it('A13: a bit flipped in any byte of any handshake message is refused', async () => {
      const { home, phone } = await scene(ends);
      const accepted: string[] = [];
      const attempt = async (message: number, byte: number) => {
        const line = memorySocketPair();
        (message === 2 ? line.bToA : line.aToB).tamper = flipBit(message === 3 ? 1 : 0, byte, byte % 8);
        const outcomes = await Promise.allSettled([phone.open(line.a, home), home.accept(line.b)]);
        if (outcomes.some(({ status }) => status === 'fulfilled')) accepted.push(`msg${message} byte ${byte}`);
      };
      for (const [message, length] of [
        [1, MSG1_BYTES],
        [2, MSG2_BYTES],
        [3, MSG3_BYTES],
      ] as const) {
        for (let byte = 0; byte < length; byte++) await attempt(message, byte);
      }
      expect(accepted).toEqual([]);
      expect(home.commits).toEqual([]);
      expect(home.refusals).toHaveLength(MSG1_BYTES + MSG2_BYTES + MSG3_BYTES);
    });

    it('carries the greatest body in many records, and refuses a greater one without harm', async () => {
      const { device, server, atDevice, line } = await bareChannels(ends);
      const random = ends.device.random(32_768);
      const greatest = Array.from({ length: 256 }, (_, part) =>
        Array.from(random, (byte) => String.fromCharCode(33 + ((byte + part) % 94))).join(''),
      ).join('');
      expect(greatest).toHaveLength(8 * 1024 * 1024);
      expect(() => server.sendText(`${greatest}!`)).toThrow(expect.objectContaining({ code: 'too_large' }));
      expect(() => server.sendText('é'.repeat(4 * 1024 * 1024 + 1))).toThrow(expect.objectContaining({ code: 'too_large' }));
      expect(() => server.sendFrame(new Uint8Array(8 * 1024 * 1024 + 1))).toThrow(expect.objectContaining({ code: 'too_large' }));
      server.sendText(greatest);
      await line.settled();
      expect(atDevice.texts[1] === greatest).toBe(true);
      device.close(GOODBYE);
    });
  });
}
