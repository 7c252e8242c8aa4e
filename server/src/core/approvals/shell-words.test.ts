import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { environmentLine, launchLine } from '../../machines/ssh/scripts.ts';
import { quoteLine, quoteWord } from './shell-words.ts';

const SHELLS = ['/bin/sh', '/bin/bash', '/bin/dash', '/bin/zsh', '/usr/bin/fish', '/bin/busybox'].filter(existsSync);
const NASTY = [
  '',
  ' ',
  '-',
  '--',
  '-n',
  '~',
  '=ls',
  '%1',
  '!x',
  '#',
  'a b',
  "'",
  "''",
  "it's",
  '\\',
  '\\\\',
  'ends with \\',
  "\\'",
  '"',
  '$HOME',
  '$(id)',
  '`id`',
  '; touch pwned',
  '& true',
  '| cat',
  '> file',
  '*',
  '?',
  '[a]',
  '{a,b}',
  '\n',
  'a\nb\n',
  '\t',
  '\r',
  '\u001b[31m',
  'ü',
  '\u00a0',
  '👩‍💻',
  '#(id)',
];
const alphabet = [...'ab\'"\\$`;&|<>(){}[]*?~!#=% \n\t-', 'ü', '\u00a0', '\u0085'];
/** The same words in every run. */
function words(count: number): string[] {
  let seed = 7;
  const next = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed;
  };
  return Array.from({ length: count }, () => Array.from({ length: next() % 12 }, () => alphabet[next() % alphabet.length]).join(''));
}
const run = (shell: string, line: string, input = '') =>
  execFileSync(shell, [...(shell.endsWith('busybox') ? ['sh'] : shell.endsWith('bash') ? ['--norc'] : []), '-c', line], {
    input,
    env: { PATH: process.env.PATH },
  });
const printed = (all: readonly string[]) => all.map((word) => `${word}\0`).join('');

describe.each(SHELLS)('words for %s', (shell) => {
  it('D10: arrive as they were, whatever they are', () => {
    const all = [...NASTY, ...words(1_500)];
    expect(run(shell, `printf '%s\\0' ${quoteLine(all)}`).toString()).toBe(printed(all));
  });

  it('go through the launcher unchanged, and variables by its input', () => {
    const all = [...NASTY, ...words(300)];
    const env = Object.fromEntries(all.map((value, n) => [`V${n}`, value]));
    const names = Object.keys(env);
    const show = names.map((name) => `"$${name}"`).join(' ');
    const line = launchLine(process.env.PATH ?? '', ['sh', '-c', `printf '%s\\0' "$@" ${show}; cat`, 'x', ...all], true);
    const out = run(shell, line, `${environmentLine(env)}rest`).toString();
    expect(out.slice(out.indexOf('\n') + 1)).toBe(`${printed([...all, ...all])}rest`);
    expect(line).not.toContain('export V0');
  });
});

it('NUL is refused', () => {
  expect(() => quoteWord('a\0b')).toThrow(expect.objectContaining({ code: 'bad_request' }));
});
