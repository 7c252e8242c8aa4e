import { describe, expect, it } from 'vitest';
import { TerminalBytes } from './terminal-bytes.ts';

const utf8 = new TextEncoder();
function through(text: string): string {
  const bytes = utf8.encode(text);
  const decoded = (pieces: Uint8Array[]) => {
    const terminal = new TerminalBytes();
    return new TextDecoder().decode(Uint8Array.from(pieces.flatMap((piece) => [...terminal.push(piece)])));
  };
  const once = decoded([bytes]);
  expect(decoded(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toBe(once);
  return once;
}

describe('TerminalBytes', () => {
  it('lets text, colours and links through', () => {
    const text = '\x1b[31mrot\x1b[0m ─│█ … „Grüße“ 配 👩‍💻 \x1b]8;;https://example.org\x07link\x1b]8;;\x07 \x1b]11;#000000\x07 ؀';
    expect(through(text)).toBe(text);
  });
  it.each([
    ['E1: clipboard', '\x1b]52;c;aGk=\x07'],
    ['E3: title', '\x1b]0;You have won\x07'],
    ['E3: notification', '\x1b]9;hi\x07\x1b]777;notify;a;b\x1b\\'],
    ['E3: file', '\x1b]1337;File=name=eA==:AAAA\x07'],
    ['E3: DCS', '\x1bP$qm\x1b\\\x1bP+q544e\x1b\\'],
    ['E3: APC and PM', '\x1b_Ga=q;AAAA\x1b\\\x1b^x\x1b\\'],
    ['E4: ten megabytes', `\x1b]0;${'x'.repeat(10 * 1024 * 1024)}\x07`],
  ])('%s is taken out', (_name, bytes) => {
    const terminal = new TerminalBytes();
    const out = terminal.push(utf8.encode(`a${bytes}b`));
    expect(new TextDecoder().decode(out)).toBe('ab');
  });
  it('E5: what turns the direction of a command is taken out', () => {
    for (const turn of [
      '\u202a',
      '\u202b',
      '\u202c',
      '\u202d',
      '\u202e',
      '\u2066',
      '\u2067',
      '\u2068',
      '\u2069',
      '\u200e',
      '\u200f',
      '\u061c',
    ])
      expect(through(`rm ${turn}fr- /`)).toBe('rm fr- /');
  });
});
