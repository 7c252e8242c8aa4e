import { describe, expect, it } from 'vitest';
import { fromBase64url, toBase64url } from './base64url.ts';

describe('base64url', () => {
  it.each([
    [[], ''],
    [[0], 'AA'],
    [[255, 254], '__4'],
    [[251, 255, 191], '-_-_'],
    [[102, 111, 111, 98], 'Zm9vYg'],
  ])('writes %j as %s and reads it', (bytes, text) => {
    expect(toBase64url(Uint8Array.from(bytes))).toBe(text);
    expect([...fromBase64url(text)]).toEqual(bytes);
  });

  it('takes long data', () => {
    const bytes = Uint8Array.from({ length: 100_001 }, (_, index) => index * 7);
    expect(fromBase64url(toBase64url(bytes))).toEqual(bytes);
  });

  it.each(['A', 'AAAAA', 'AA==', 'AB', 'AAB', 'A+A/', 'A A', 'AA\n', 'ÄÄ'])('refuses %j', (text) => {
    expect(() => fromBase64url(text)).toThrow(expect.objectContaining({ code: 'bad_request' }));
  });
});
