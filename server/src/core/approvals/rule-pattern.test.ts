import { exactPattern } from '@afield/shared/rule-pattern.ts';
import { describe, expect, it } from 'vitest';
import { compilePattern, fits, pathBarriers, shellBarriers } from './rule-pattern.ts';

const command = (pattern: string, text: string) => fits(compilePattern(pattern), text, shellBarriers(text));
const path = (pattern: string, text: string) => fits(compilePattern(pattern), text, pathBarriers(text));

/** The same meaning, written as what must not be used: a regular expression with backtracking. */
function slowly(pattern: string, text: string): boolean {
  const { literals, stars } = compilePattern(pattern);
  const quoted = literals.map((literal) => literal.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  const source = quoted.reduce((all, literal, i) => `${all}${stars[i - 1] === 'any' ? '[^]*' : '[^;]*'}${literal}`);
  return new RegExp(`^${source}$`).test(text);
}

describe('a pattern', () => {
  it.each([
    ['npm test', 'npm test'],
    ['npm *', 'npm test'],
    ['npm *', 'npm '],
    ['npm run * --watch', 'npm run test:unit --watch'],
    ['git log *', "git log --format='%h %s' -- src"],
    ['*', 'make -j4 CFLAGS="-O2 $HOME"'],
    ['make*', 'make\tall'],
    ['echo **', 'echo a; echo b | wc > /dev/null && $(id)\n`id`'],
    ['a*b*c', 'abbbc'],
    ['a**b*c', 'a;b;bxc'],
    ['echo *', 'echo 🎉 ünï'],
    ['**', ''],
  ])('%s fits %j', (pattern, text) => expect(command(pattern, text)).toBe(true));

  it.each([
    ['npm test', 'npm tests'],
    ['npm test', 'xnpm test'],
    ['npm test', 'npm test\n'],
    ['npm *', 'npm'],
    ['a*a', 'a'],
    ['ab*bc', 'abc'],
    ['a*b*c', 'acb'],
  ])('%s does not fit %j', (pattern, text) => expect(command(pattern, text)).toBe(false));

  it.each([
    'npm test; rm -rf ~',
    'npm test && rm -rf ~',
    'npm test & rm -rf ~',
    'npm test | sh',
    'npm test\nrm -rf ~',
    'npm test\rrm -rf ~',
    'npm `rm -rf ~`',
    'npm $(rm -rf ~)',
    'npm $\x7bx:=$(rm)}',
    'npm $\x7b rm; }',
    'npm test > ~/.bashrc',
    'npm test < /etc/passwd',
    'npm <(rm -rf ~)',
    'npm test () ( rm )',
    'npm test\u0000rm',
    'npm test\u001b[2Krm',
    'npm test\u2028rm',
  ])('E6: one star does not go over what a shell acts on: %j', (text) => {
    expect(command('npm *', text)).toBe(false);
    expect(command('npm **', text)).toBe(true);
  });

  it('E5: one star does not go over what is not seen', () => {
    for (const hidden of ['\u202e', '\u2066', '\u200b', '\u00ad', '\ufeff', '\ud800', '\u{e0041}']) {
      expect(command('npm *', `npm te${hidden}st`), hidden).toBe(false);
    }
  });

  it('may hold what a shell acts on itself', () => {
    expect(command('cd * && npm test', 'cd packages/a && npm test')).toBe(true);
    expect(command('cd * && npm test', 'cd a; rm -rf ~ && npm test')).toBe(false);
    expect(command('echo $*', 'echo $HOME')).toBe(true);
    expect(command('echo $*', 'echo $(id)')).toBe(false);
    expect(command('echo $*', 'echo $\x7bHOME}')).toBe(false);
  });

  it('tells a star from a star that is meant', () => {
    expect(command('rm \\*.o', 'rm *.o')).toBe(true);
    expect(command('rm \\*.o', 'rm a.o')).toBe(false);
    expect(command('a\\\\*', 'a\\b')).toBe(true);
    expect(command('a\\b', 'a\\b')).toBe(true);
  });

  it.each(['rm *.o', 'grep "\\*" a', '\\\\', '***', 'a\\', 'a\nb', '\\*\\\\*', ''])('is exact for any text: %j', (text) => {
    expect(command(exactPattern(text), text)).toBe(true);
    expect(command(exactPattern(text), `${text}x`)).toBe(false);
    expect(command(exactPattern(text), text.replace('*', 'xy'))).toBe(!text.includes('*'));
  });

  it('of a path stays in one folder with one star, and goes through all with two', () => {
    expect(path('src/*.ts', 'src/a.ts')).toBe(true);
    expect(path('src/*.ts', 'src/b/a.ts')).toBe(false);
    expect(path('src/**.ts', 'src/b/a.ts')).toBe(true);
    expect(path('src/*.ts', 'src/a (copy); b.ts')).toBe(true);
    expect(path('src/*', 'src/a\nb')).toBe(false);
  });

  it('means the same as a regular expression would, for every short text', () => {
    const patterns = ['a*b', '*a*', '**a', 'a**', '*a**b*', 'ab*ab', '*;*', '**;a*', 'a*a*a', '*ab**ba*', 'aa*', '*'];
    const texts = (length: number): string[] => (length === 0 ? [''] : texts(length - 1).flatMap((t) => ['a', 'b', ';'].map((c) => c + t)));
    let fitting = 0;
    for (const length of [0, 1, 2, 3, 4, 5, 6]) {
      for (const text of texts(length)) {
        for (const pattern of patterns) {
          const expected = slowly(pattern, text);
          fitting += expected ? 1 : 0;
          if (command(pattern, text) !== expected) throw new Error(`${pattern} on ${text} is not ${expected}`);
        }
      }
    }
    expect(fitting).toBeGreaterThan(1_000);
  });

  it('C22: is as quick on the worst text as on any other: what it looks at is counted', () => {
    const evil = compilePattern(`${'*a'.repeat(31)}*b`);
    const text = 'a'.repeat(64 * 1024);
    const barriers = shellBarriers(text);
    let looked = 0;
    const counted = new Proxy(barriers, {
      get(target, name) {
        looked++;
        return Reflect.get(target, name, target) as unknown;
      },
    });
    expect(fits(evil, `${text.slice(1)}b`, counted)).toBe(true);
    expect(looked).toBeLessThanOrEqual(32 * (text.length + 1));
  });
});
