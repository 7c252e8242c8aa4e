import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { shell } from './shell.ts';

/** What the shell of the recipe prints, in a home of its own. */
function bash(...args: string[]): string {
  const home = mkdtempSync(path.join(tmpdir(), 'afield-shell-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  writeFileSync(path.join(home, '.bash_profile'), 'PROFILE=read\n');
  const recipe = shell('bash');
  const env = { PATH: process.env.PATH, HOME: home };
  return execFileSync(recipe.program, [...recipe.args, ...args], { encoding: 'utf8', env });
}

const ASK = 'shopt -q login_shell && echo "login $PROFILE"';

it('bash starts as a login shell', () => {
  expect(bash('-c', ASK)).toBe('login read\n');
});

it('bash takes long options of the user', () => {
  expect(bash('--norc', '-c', ASK)).toBe('login read\n');
  expect(bash('--noprofile', '-c', ASK)).toBe('login \n');
});

it.each([
  ['/bin/bash', '--login'],
  ['/bin/zsh', '-l'],
  ['/bin/dash', '-l'],
])('%s is asked with %s', (program, option) => {
  expect(shell(program).args).toEqual([option]);
});
