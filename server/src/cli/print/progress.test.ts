import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Io } from '../io.ts';
import { StatusLine, withProgress } from './progress.ts';

function fakeIo(isTTY: boolean): Io & { err: string } {
  const io = {
    err: '',
    now: () => Date.now(),
    stderr: {
      isTTY,
      write: (text: string) => {
        io.err += text;
        return true;
      },
    },
  };
  return io as unknown as Io & { err: string };
}
const after = <T>(ms: number, value: T) => new Promise<T>((resolve) => setTimeout(() => resolve(value), ms));

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('withProgress', () => {
  it('says nothing about what takes less than a second', async () => {
    const io = fakeIo(true);
    const work = withProgress(io, 'Asking', after(900, 'answer'));
    await vi.advanceTimersByTimeAsync(2000);
    expect([await work, io.err]).toEqual(['answer', '']);
  });

  it('says what is done and for how long, and takes the line away again', async () => {
    const io = fakeIo(true);
    const work = withProgress(io, 'Asking the home server', after(3500, 'answer'));
    await vi.advanceTimersByTimeAsync(3200);
    expect(io.err).toMatch(/. Asking the home server … 3 s$/);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await work).toBe('answer');
    expect(io.err.endsWith('\r\x1b[2K')).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is silent where nobody watches', async () => {
    const io = fakeIo(false);
    const work = withProgress(io, 'Asking', after(5000, 1));
    await vi.advanceTimersByTimeAsync(6000);
    expect([await work, io.err]).toEqual([1, '']);
  });

  it('a failure goes on to the caller, and the line is gone', async () => {
    const io = fakeIo(true);
    const work = withProgress(
      io,
      'Asking',
      after(2000, 0).then(() => Promise.reject(new Error('no'))),
    );
    const failed = expect(work).rejects.toThrow('no');
    await vi.advanceTimersByTimeAsync(3000);
    await failed;
    expect(io.err.endsWith('\r\x1b[2K')).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('StatusLine', () => {
  it('is written in its place at a terminal, and leaves nothing', () => {
    const io = fakeIo(true);
    const line = new StatusLine(io);
    line.show('waiting 2');
    line.show('waiting 1');
    line.end();
    expect(io.err).toBe('\r\x1b[2Kwaiting 2\r\x1b[2Kwaiting 1\r\x1b[2K');
  });

  it('shows nothing elsewhere', () => {
    const io = fakeIo(false);
    const line = new StatusLine(io);
    line.show('waiting');
    line.end();
    expect(io.err).toBe('');
  });
});
