import { describe, expect, it } from 'vitest';
import { sizePrefix, splitSnapshot } from './snapshot-size.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const read = (text: string) => {
  const { size, bytes: rest } = splitSnapshot(bytes(text));
  return { size, rest: new TextDecoder().decode(rest) };
};

describe('the size of a snapshot', () => {
  it('is taken off its beginning', () => {
    const size = { cols: 1000, rows: 500 };
    expect(read(`${sizePrefix(size)}hello`)).toEqual({ size, rest: 'hello' });
    expect(read(sizePrefix({ cols: 2, rows: 1 }))).toEqual({ size: { cols: 2, rows: 1 }, rest: '' });
  });
  it('is null when it is not there, and nothing is lost', () => {
    for (const text of ['', 'hello', '\x1b[8;24t', '\x1b[8;24;80', ' \x1b[8;24;80t'])
      expect(read(text)).toEqual({ size: null, rest: text });
  });
});
