import { describe, expect, it } from 'vitest';
import { oscNumber, type StringRules, TerminalStrings } from './terminal-strings.ts';

const utf8 = new TextEncoder();
const text = (parts: Uint8Array[]) => parts.map((part) => String.fromCharCode(...part)).join('');
/** As the bytes stand, without decoding. */
const raw = (string: string) => String.fromCharCode(...utf8.encode(string));

/** Takes OSC 52 and DCS that begin with `tmux;` out, and breaks off what is longer than 100 bytes. */
const rules: StringRules = {
  drop(kind, head, whole) {
    if (kind === 'osc') {
      const number = oscNumber(head, whole);
      return number === null ? null : number === 52;
    }
    if (kind === 'dcs') return 'tmux;'.startsWith(head) && !whole ? null : head.startsWith('tmux;');
    return false;
  },
  maxBytes: 100,
};

/** The same for every way to cut the bytes in two, and for single bytes. */
function through(string: string): string {
  const bytes = utf8.encode(string);
  const run = (...pieces: Uint8Array[]) => {
    const strings = new TerminalStrings(rules);
    return text(pieces.map((piece) => strings.push(piece)));
  };
  const once = run(bytes);
  for (let at = 1; at < bytes.length; at++) expect(run(bytes.subarray(0, at), bytes.subarray(at))).toBe(once);
  expect(run(...Array.from(bytes, (byte) => Uint8Array.of(byte)))).toBe(once);
  return once;
}

describe('TerminalStrings passes', () => {
  it.each([
    'plain text\r\n',
    'Grüße, ¿qué?, 配, 👩‍💻, ÂÝ',
    '\x1b[31mred\x1b[0m\x1b(B\x1b7\x1b8',
    'a\x1b]0;title\x07b',
    'a\x1b]0;Grüße ¿\x1b\\b',
    '\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\',
    '\x1bP1$r0m\x1b\\x',
    '\u009d0;title\u009cx',
    '\x1b]\x1b\\x',
    '\x1b]0;cut off\x1b[31mred',
    '\x1b]0;cut off\x18x',
    '\x1bXsos\x1b\\',
  ])('%j', (string) => {
    expect(through(string)).toBe(raw(string));
  });
  it('a lone ESC before an ESC is no sequence', () => {
    expect(through('\x1b\x1b[A')).toBe('\x1b[A');
  });
});

describe('TerminalStrings takes out, without a trace', () => {
  it.each([
    ['with BEL', '\x1b]52;c;aGk=\x07'],
    ['with ST', '\x1b]52;c;aGk=\x1b\\'],
    ['as C1', '\u009d52;c;aGk=\u009c'],
    ['number with zeros', '\x1b]0052;c;?\x07'],
    ['control characters in between', '\x1b]5\x002;c;aGk=\x07'],
    ['after a sequence that was cut off', '\x1b[1;\x1b]52;c;?\x07'],
    ['cancelled', '\x1b]52;c;aGk=\x18'],
    ['through tmux', '\x1bPtmux;\x1b\\'],
    ['as long as it likes', `\x1b]52;c;${'A'.repeat(5000)}\x07`],
  ])('%s', (_name, string) => {
    const left = through(`a${string}b`);
    expect(left).toBe(string.startsWith('\x1b[1;') ? 'a\x1b[1;b' : 'ab');
  });
  it('a control character between ESC and the bracket is done before it', () => {
    expect(through('a\x1b\x00]52;c;?\x07b')).toBe('a\x00b');
  });
  it('what begins inside of it is read on its own', () => {
    expect(through('a\x1b]52;c;\x1b[31mb')).toBe('a\x1b[31mb');
    expect(through('\x1bPtmux;\x1b]52;c;?\x07\x1b\\x')).toBe('\x1b\\x');
  });
});

describe('E4: TerminalStrings holds nothing', () => {
  it('a string without an end is broken off', () => {
    const strings = new TerminalStrings(rules);
    let shown = strings.push(utf8.encode('a\x1b]0;')).length;
    const piece = utf8.encode('x'.repeat(64 * 1024));
    for (let i = 0; i < 160; i++) shown += strings.push(piece).length;
    expect(shown).toBeLessThan(200);
    expect(text([strings.push(utf8.encode('\x1b\\after'))])).toBe('after');
  });
  it('nor do ten megabytes of DCS, of which the terminal sees a beginning that it forgets', () => {
    const strings = new TerminalStrings(rules);
    const out = text([strings.push(utf8.encode(`\x1bPq${'z'.repeat(10 * 1024 * 1024)}`)), strings.push(utf8.encode('\x1b\\end'))]);
    expect(out.replaceAll('z', '')).toBe('\x1bPq\x18end');
    expect(out.length).toBeLessThan(200);
  });
});
