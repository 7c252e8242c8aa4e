import { describe, expect, it } from 'vitest';
import { printable, printableJson, printableLines } from './printable.ts';

describe('printable', () => {
  it('leaves ordinary text of any script alone', () => {
    const text = 'fix the Größe of 配置 — and 🎉 “quotes” \\ back';
    expect(printable(text)).toBe(text);
  });

  it('E8: a line end or an escape sequence in a name cannot start a second line or colour it', () => {
    expect(printable('web\r\n\x1b[31mroot\x07')).toBe('web\\r\\n\\e[31mroot\\x07');
  });

  it('escapes C1 controls, which some terminals obey like ESC sequences', () => {
    expect(printable('\x9b31m\x90q')).toBe('\\x9b31m\\x90q');
  });

  it('E5: bidi overrides and zero width characters are shown', () => {
    expect(printable('txt.\u202egpj\u2066a\u200bb\ufeff\u2028')).toBe('txt.\\u{202e}gpj\\u{2066}a\\u{200b}b\\u{feff}\\u{2028}');
  });

  it('leaves a joined emoji whole, and shows any other joiner', () => {
    expect(printable('👩🏽‍💻 🏳️‍🌈')).toBe('👩🏽‍💻 🏳️‍🌈');
    expect(printableLines('👩‍💻\n')).toBe('👩‍💻\n');
    expect(printable('a\u200db\u200d💻👩\u200d')).toBe('a\\u{200d}b\\u{200d}💻👩\\u{200d}');
  });

  it('shows a lone surrogate and an invisible tag character', () => {
    expect(printable('a\ud800b\u{e0041}')).toBe('a\\u{d800}b\\u{e0041}');
  });
});

describe('printableLines', () => {
  it('keeps lines and tabs, nothing else', () => {
    expect(printableLines('a\tb\r\nc\x1b[2J\rd')).toBe('a\tb\nc\\e[2J\\rd');
  });
});

describe('printableJson', () => {
  it('parses back to the same value and holds nothing that a terminal obeys', () => {
    const value = { name: 'a\x9b2J\u202eb\u{e0041}\x7f', list: ['\n', '\ud800'] };
    const json = printableJson(value);
    expect(JSON.parse(json)).toEqual(value);
    expect(json.replaceAll('\n', '')).toMatch(/^[\x20-\x7e]*$/);
  });
});
