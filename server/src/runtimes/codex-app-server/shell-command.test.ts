import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { unwrapped } from './shell-command.ts';

it.each([
  ["/bin/bash -lc 'touch one.tmp'", 'touch one.tmp'],
  ["/bin/bash -lc 'touch made-by-bash && ls'", 'touch made-by-bash && ls'],
  ["bash -lc 'npm test'", 'npm test'],
  ['/usr/bin/zsh -lc ls', 'ls'],
  [`/bin/bash -lc "echo 'it'"`, "echo 'it'"],
  [`/bin/bash -lc "echo \\"\\$HOME\\""`, 'echo "$HOME"'],
  [`/bin/bash -lc 'a'"'"'b'`, "a'b"],
])('%s runs %s', (command, script) => {
  expect(unwrapped(command)).toBe(script);
  // a shell agrees
  const word = command.slice(command.indexOf('c ') + 2);
  expect(execFileSync('/bin/bash', ['-c', `printf %s ${word}`], { env: { HOME: '/nowhere' } }).toString()).toBe(script);
});

it.each([
  'ls -la',
  "/bin/bash -lc 'ls' extra",
  '/bin/bash -lc "echo $HOME"',
  '/bin/bash -lc "echo `id`"',
  '/bin/bash -lc $(id)',
  "/bin/bash -lc 'open",
  "/bin/bash -lc ''",
  "env X=1 /bin/bash -lc 'ls'",
  "/bin/bash -lc 'a' 'b'",
  '/bin/bash -lc a;b',
])('what is not certain stays as it is: %s', (command) => {
  expect(unwrapped(command)).toBe(command);
});
