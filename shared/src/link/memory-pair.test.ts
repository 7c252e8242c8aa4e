import { describe, expect, it } from 'vitest';
import { dropMessage, duplicateMessage, flipBit, memoryPipePair, memorySocketPair, swapMessages, type Tamper } from './memory-pair.ts';
import type { PipeEnd } from './pipe.ts';

function collecting(tamper: Tamper | null = null) {
  const pair = memorySocketPair();
  const arrived: number[][] = [];
  const closes: string[] = [];
  pair.aToB.tamper = tamper;
  pair.b.onMessage = (message) => arrived.push([...message]);
  pair.b.onText = () => arrived.push([-1]);
  pair.a.onClose = (code) => closes.push(`a ${code}`);
  pair.b.onClose = (code) => closes.push(`b ${code}`);
  return { ...pair, arrived, closes };
}
const send = (socket: { send(message: Uint8Array): void }, ...values: number[]) => {
  for (const value of values) socket.send(Uint8Array.of(value));
};

describe('memorySocketPair', () => {
  it('delivers in order, later than the call, and copies', async () => {
    const { a, arrived, settled } = collecting();
    const message = Uint8Array.of(1);
    a.send(message);
    message[0] = 9;
    send(a, 2, 3);
    a.sendText('no');
    expect(arrived).toEqual([]);
    await settled();
    expect(arrived).toEqual([[1], [2], [3], [-1]]);
  });

  it('delivers what was sent before a close, then closes both ends once', async () => {
    const { a, b, arrived, closes, settled } = collecting();
    send(a, 1);
    a.close(1008);
    send(a, 2);
    a.close(1000);
    await settled();
    expect(arrived).toEqual([[1]]);
    expect(closes).toEqual(['b 1008', 'a 1008']);
    send(b, 3);
    await settled();
    expect(closes).toHaveLength(2);
  });

  it('still delivers to an end that has called close, until it is closed', async () => {
    const { a, b, settled } = collecting();
    const late: number[] = [];
    a.onMessage = (message) => late.push(...message);
    send(b, 7);
    a.close(1000);
    await settled();
    expect(late).toEqual([7]);
  });

  it.each([
    ['drops', dropMessage(1), [[0], [2]]],
    ['duplicates', duplicateMessage(1), [[0], [1], [1], [2]]],
    ['swaps', swapMessages(1), [[0], [2], [1]]],
    ['flips a bit', flipBit(1, 0, 7), [[0], [0x81], [2]]],
  ] as const)('%s', async (_name, tamper, expected) => {
    const { a, arrived, settled } = collecting(tamper);
    send(a, 0, 1, 2);
    await settled();
    expect(arrived).toEqual(expected);
  });

  it('counts what a paused reader leaves behind', async () => {
    const { a, aToB, arrived, settled } = collecting();
    aToB.paused = true;
    send(a, 1, 2);
    await settled();
    expect(a.bufferedBytes).toBe(2);
    expect(arrived).toEqual([]);
    aToB.paused = false;
    await settled();
    expect(a.bufferedBytes).toBe(0);
    expect(arrived).toEqual([[1], [2]]);
  });

  it('loses what was under way when it is cut', async () => {
    const { a, cut, arrived, closes, settled } = collecting();
    send(a, 1);
    cut();
    await settled();
    expect(arrived).toEqual([]);
    expect(closes).toEqual(['a 1006', 'b 1006']);
  });

  it('injects, and records only when asked', async () => {
    const { a, aToB, arrived, settled } = collecting();
    send(a, 1);
    aToB.record = true;
    send(a, 2);
    aToB.inject(Uint8Array.of(3));
    await settled();
    expect(arrived).toEqual([[1], [2], [3]]);
    expect(aToB.sent).toEqual([Uint8Array.of(2)]);
  });
});

describe('memoryPipePair', () => {
  it('carries text and frames, and tells both ends why it ended', async () => {
    const { a, b, settled } = memoryPipePair();
    const seen: unknown[] = [];
    b.onText = (text) => seen.push(text);
    b.onFrame = (frame) => seen.push([...frame]);
    a.onClose = (end) => seen.push(`a ${end.kind}`);
    b.onClose = (end) => seen.push(`b ${end.kind}`);
    const end: PipeEnd = { kind: 'goodbye', detail: 'done' };
    a.sendText('héllo');
    a.sendFrame(Uint8Array.of(1, 2));
    a.close(end);
    a.sendText('late');
    await settled();
    expect(seen).toEqual(['a goodbye', 'héllo', [1, 2], 'b goodbye']);
  });
});
