import { describe, expect, it } from 'vitest';
import { SequenceGuard } from './sequence-guard.ts';

const bytes = (text: string) => Buffer.from(text);
/** Pushes parts and gives what was let through after each. */
const through = (...parts: string[]) => {
  const guard = new SequenceGuard();
  return parts.map((part) => guard.push(bytes(part)).toString());
};

describe('it lets through only whole characters and sequences', () => {
  it.each([
    ['plain text', ['abc'], ['abc']],
    ['a colour', ['a\x1b[3', '1mb'], ['a', '\x1b[31mb']],
    ['a lone escape', ['a\x1b', '[H'], ['a', '\x1b[H']],
    ['a title, ended by BEL', ['\x1b]0;ti', 'tle\x07x'], ['', '\x1b]0;title\x07x']],
    ['a title, ended by ST in two parts', ['\x1b]0;t\x1b', '\\x'], ['', '\x1b]0;t\x1b\\x']],
    ['a device control string', ['\x1bP1$r', '0m\x1b\\x'], ['', '\x1bP1$r0m\x1b\\x']],
    ['BEL does not end a device control string', ['\x1bPa\x07b', '\x1b\\x'], ['', '\x1bPa\x07b\x1b\\x']],
    ['a string cut off by CAN', ['\x1b]0;t', '\x18x'], ['', '\x1b]0;t\x18x']],
    ['a string cut off by another sequence', ['\x1b]0;t', '\x1b[Hx'], ['', '\x1b]0;t\x1b[Hx']],
    ['a control sequence cut off by another', ['\x1b[3\x1b[', 'Hx'], ['\x1b[3', '\x1b[Hx']],
    ['a character set', ['\x1b(', '0q'], ['', '\x1b(0q']],
    ['two escapes', ['\x1b\x1b', '[H'], ['\x1b', '\x1b[H']],
  ])('%s', (_name, parts, expected) => {
    expect(through(...parts)).toEqual(expected);
  });

  it('E4: a character of four bytes, cut at every place', () => {
    const all = bytes('x😀ü€y');
    for (let cut = 0; cut <= all.length; cut++) {
      const guard = new SequenceGuard();
      const first = guard.push(all.subarray(0, cut));
      expect(first.toString()).not.toContain('\ufffd');
      expect(Buffer.concat([first, guard.push(all.subarray(cut))])).toEqual(all);
    }
  });

  it('bytes that are no UTF-8 pass as they are', () => {
    const odd = Buffer.from([0x61, 0xff, 0xfe, 0x80, 0x62]);
    expect(new SequenceGuard().push(odd)).toEqual(odd);
    // A beginning that is never finished passes with the next byte.
    const guard = new SequenceGuard();
    expect(Buffer.concat([guard.push(Buffer.from([0xe2, 0x82])), guard.push(bytes('a'))])).toEqual(Buffer.from([0xe2, 0x82, 0x61]));
  });

  it('any text in any pieces comes out the same', () => {
    const text = bytes('a\x1b[1;31mü\x1b]0;t\x07\x1bPq\x1b\\😀\x1b(0\x1b7\r\n').toString('latin1').repeat(20);
    const all = Buffer.from(text, 'latin1');
    for (const size of [1, 2, 3, 5, 7, 13]) {
      const guard = new SequenceGuard();
      const out: Buffer[] = [];
      for (let at = 0; at < all.length; at += size) out.push(guard.push(all.subarray(at, at + size)));
      expect(Buffer.concat(out)).toEqual(all);
      expect(guard.heldBytes).toHaveLength(0);
    }
  });
});

describe('E4: what never ends', () => {
  it('a string of 10 MB is dropped, whatever its pieces, and what follows it is not', () => {
    for (const [opening, opener] of [
      ['\x1b]52;c;', '\x1b]9999;'],
      ['\x1bP', '\x1bX'],
      ['\x1b_', '\x1bX'],
    ] as const) {
      const guard = new SequenceGuard();
      expect(guard.push(bytes(`before${opening}`)).toString()).toBe('before');
      const piece = Buffer.alloc(64 * 1024 - 7, 'x');
      for (let sent = 0; sent < 10 * 1024 * 1024; sent += piece.length) {
        expect(guard.push(piece)).toHaveLength(0);
        expect(guard.heldBytes.length).toBeLessThan(5_000);
      }
      expect(guard.opener).toBe(opener);
      expect(guard.push(bytes('x\x1b')).toString()).toBe('');
      expect(guard.push(bytes('\\after')).toString()).toBe('after');
      expect(guard.opener).toBe('');
    }
  });

  it('an endless control sequence is passed on: it holds no more than its parameters', () => {
    const guard = new SequenceGuard();
    const endless = bytes(`\x1b[${'1;'.repeat(5_000)}`);
    expect(guard.push(endless)).toEqual(endless);
  });
});
