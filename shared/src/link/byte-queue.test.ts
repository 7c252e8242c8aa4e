import { describe, expect, it } from 'vitest';
import { ByteQueue } from './byte-queue.ts';

describe('ByteQueue', () => {
  const filled = () => {
    const queue = new ByteQueue();
    queue.reset(10);
    for (const chunk of [[0, 1, 2], [], [3, 4], [5]]) queue.push(Uint8Array.from(chunk));
    return queue;
  };

  it('gives the bytes back in order, across chunks, and keeps count', () => {
    const queue = filled();
    expect([queue.start, queue.end, queue.length]).toEqual([10, 16, 6]);
    expect([...queue.take(2)]).toEqual([0, 1]);
    expect([...queue.take(3)]).toEqual([2, 3, 4]);
    expect([queue.start, queue.end, queue.length]).toEqual([15, 16, 1]);
    expect([...queue.take(99)]).toEqual([5]);
    expect([...queue.take(99)]).toEqual([]);
    expect([queue.start, queue.length]).toEqual([16, 0]);
  });

  it('forgets what lies before an offset, and all of it when that lies beyond', () => {
    const queue = filled();
    queue.dropBelow(4);
    expect(queue.start).toBe(10);
    queue.dropBelow(14);
    expect([...queue.take(99)]).toEqual([4, 5]);
    queue.dropBelow(100);
    expect([queue.start, queue.end]).toEqual([100, 100]);
  });
});
