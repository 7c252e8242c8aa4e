import { describe, expect, it } from 'vitest';
import { exact, printable, printableLines } from './printable.ts';

describe('printable', () => {
  it('leaves ordinary text of any language alone', () => {
    for (const text of [
      'Fix flaky checkout',
      'naïve café',
      'Привет мир',
      '日本語のテスト',
      'שלום',
      '“quoted” – dash',
      'हिन्दी',
      '−38 ✓ →',
    ]) {
      expect(printable(text)).toBe(text);
    }
  });

  it('E5: bidirectional overrides are written out', () => {
    expect(printable('invoice\u202Efdp.exe')).toBe('invoice⟨U+202E⟩fdp.exe');
    for (const char of ['\u202A', '\u202B', '\u202C', '\u202D', '\u2066', '\u2067', '\u2068', '\u2069', '\u200E', '\u200F', '\u061C']) {
      expect(printable(`a${char}b`)).not.toContain(char);
    }
  });

  it('E5: zero-width and invisible characters are written out', () => {
    expect(printable('rm\u200B -rf')).toBe('rm⟨U+200B⟩ -rf');
    for (const char of [
      '\u200C',
      '\u200D',
      '\u2060',
      '\uFEFF',
      '\u00AD',
      '\u034F',
      '\u115F',
      '\u3164',
      '\uFFA0',
      '\u2800',
      '\u{E0041}',
      '\u180E',
    ]) {
      expect(printable(`a${char}b`)).not.toContain(char);
    }
  });

  it('E8: control characters and line separators cannot make a second line or a colour', () => {
    expect(printable('a\nb\r\u001b[31mc\u2028d\u0085e\u007f')).toBe('a⟨U+000A⟩b⟨U+000D⟩⟨U+001B⟩[31mc⟨U+2028⟩d⟨U+0085⟩e⟨U+007F⟩');
  });

  it('keeps families and professions together, and nothing else that joins', () => {
    expect(printable('👩‍💻 and 👨‍👩‍👧')).toBe('👩‍💻 and 👨‍👩‍👧');
    expect(printable('🏳️‍🌈 👩🏽‍🚀')).toBe('🏳️‍🌈 👩🏽‍🚀');
    expect(printable('pass\u200Dword')).toBe('pass⟨U+200D⟩word');
  });

  it('does not let marks pile up over the line above', () => {
    const pile = `Z${'\u0351'.repeat(30)}algo`;
    expect([...printable(pile)].filter((char) => char === '\u0351')).toHaveLength(3);
    expect(printable('e\u0301')).toBe('e\u0301');
  });

  it('writes out halves of characters', () => {
    expect(printable('a\uD83Db')).toBe('a⟨U+D83D⟩b');
  });
});

describe('printableLines', () => {
  it('keeps lines and tabs', () => {
    expect(printableLines('one\r\ntwo\n\tthree\u202E')).toBe('one\r\ntwo\n\tthree⟨U+202E⟩');
  });
  it('a carriage return alone does not hide what stands before it', () => {
    expect(printableLines('rm -rf /\rls')).toBe('rm -rf /⟨U+000D⟩ls');
  });
});

describe('exact', () => {
  it('E5: letters that only look Latin are written out', () => {
    expect(exact('npm install p\u0430ypal')).toBe('npm install p⟨U+0430⟩ypal');
    expect(exact('\u0455udo rm')).toBe('⟨U+0455⟩udo rm');
    expect(exact('g\u03BFogle.com')).toBe('g⟨U+03BF⟩ogle.com');
  });
  it('a name in one alphabet stays readable', () => {
    expect(exact('/home/user/Документы/πρόγραμμα')).toBe('/home/user/Документы/πρόγραμμα');
  });
});
