import { describe, expect, it } from 'vitest';
import { exact, exactLines } from './exact.ts';

describe('a command', () => {
  it('is shown as it is', () => {
    for (const text of ['npm test', "git commit -m 'Größe'", 'echo 🎉 日本語', 'ls   -l', 'привет']) expect(exact(text)).toBe(text);
  });

  it('E5: shows what would turn it around or is not seen', () => {
    expect(exact('rm \u202egpj.txt')).toBe('rm \\u{202e}gpj.txt');
    expect(exact('np\u200bm te\u00adst')).toBe('np\\u{200b}m te\\xadst');
    expect(exact('a\u2066b\u2069\u2028c')).toBe('a\\u{2066}b\\u{2069}\\u{2028}c');
    expect(exact('a\u3164b\u2800c')).toBe('a\\u{3164}b\\u{2800}c');
    expect(exact('npm\u00a0test\u2003x')).toBe('npm\\u{a0}test\\u{2003}x');
  });

  it('E5: shows letters that only look like others', () => {
    expect(exact('curl p\u0430ypal.com')).toBe('curl p\\u{430}ypal.com');
    expect(exact('n\u0440m')).toBe('n\\u{440}m');
    expect(exact('\u0391\u0392 \u0430\u0431')).toBe('\u0391\u0392 \u0430\u0431');
  });

  it('E6: shows where it ends, and what a long run of spaces would push out of sight', () => {
    expect(exact('npm test\r')).toBe('npm test\\r');
    expect(exact('npm test\t&& x')).toBe('npm test\\t&& x');
    expect(exact('npm test  ')).toBe('npm test\\x20\\x20');
    expect(exact(`npm test${' '.repeat(4000)}; rm -rf ~`)).toBe('npm test ⟨4000 spaces⟩ ; rm -rf ~');
    expect(exactLines('npm test\nrm -rf ~\n')).toEqual(['│ npm test', '│ rm -rf ~', '│']);
    expect(exactLines('a\r\nb')).toEqual(['│ a\\r', '│ b']);
  });

  it('shows no more marks on one letter than can be read, and obeys no sequence', () => {
    expect(exact(`e${'\u0301'.repeat(5)}`)).toBe(`e${'\u0301'.repeat(3)}\\u{301}\\u{301}`);
    expect(exact('\u001b[2K\u0007')).toBe('\\e[2K\\x07');
  });
});
