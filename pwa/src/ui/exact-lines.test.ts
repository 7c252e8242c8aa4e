import { describe, expect, it } from 'vitest';
import { exactLines } from './exact-lines.ts';

const shown = (text: string) => exactLines(text).map((line) => line.map((piece) => piece.text).join(''));

describe('a command as it is shown', () => {
  it('is what it is when nothing is odd', () => {
    expect(shown('pnpm exec playwright install --with-deps webkit')).toEqual(['pnpm exec playwright install --with-deps webkit']);
    expect(shown('for f in *; do\n  echo "$f"\ndone')).toEqual(['for f in *; do↵', '  echo "$f"↵', 'done']);
  });

  it('E5: bidi overrides, zero width, no-break spaces and look-alikes are written out', () => {
    expect(shown('rm \u202Efdp.x\u202C')).toEqual(['rm ⟨U+202E⟩fdp.x⟨U+202C⟩']);
    expect(shown('npm te\u200Bst')).toEqual(['npm te⟨U+200B⟩st']);
    expect(shown('curl p\u0430ypal.com')).toEqual(['curl p⟨U+0430⟩ypal.com']);
    expect(shown('rm\u00A0-rf\u2003/\u3000x')).toEqual(['rm⟨U+00A0⟩-rf⟨U+2003⟩/⟨U+3000⟩x']);
    expect(shown('a\u2028b\u0007')).toEqual(['a⟨U+2028⟩b⟨U+0007⟩']);
  });

  it('E6: line ends, carriage returns, tabs, and a tail behind many blanks cannot hide', () => {
    expect(shown('npm test\nrm -rf ~')).toEqual(['npm test↵', 'rm -rf ~']);
    expect(shown('npm test\r')).toEqual(['npm test⟨U+000D⟩']);
    expect(shown('npm test ')).toEqual(['npm test⟨1 space⟩']);
    expect(shown('npm test\n')).toEqual(['npm test↵', '']);
    expect(shown(`npm test${' '.repeat(4000)}; rm -rf ~`)).toEqual(['npm test⟨4000 spaces⟩; rm -rf ~']);
    expect(shown(`npm test\n${' '.repeat(300)}rm -rf ~`)).toEqual(['npm test↵', '⟨300 spaces⟩rm -rf ~']);
    expect(shown('a\tb')).toEqual(['a⟨tab⟩b']);
    expect(shown('    ')).toEqual(['⟨4 spaces⟩']);
  });

  it('two texts that differ are never shown alike by their marks', () => {
    const texts = ['a b', 'a  b', 'a    b', 'a\tb', 'a\nb', 'a\u00A0b', 'a b ', ' a b', 'a\r\nb', 'a\u200Bb'];
    expect(new Set(texts.map((text) => shown(text).join('\n'))).size).toBe(texts.length);
  });

  it('our marks and the words of the text are told apart', () => {
    expect(exactLines('a ')).toEqual([
      [
        { text: 'a', mark: false },
        { text: '⟨1 space⟩', mark: true },
      ],
    ]);
    expect(exactLines('⟨1 space⟩')).toEqual([[{ text: '⟨1 space⟩', mark: false }]]);
  });
});
