import path from 'node:path';
import type { Recipe } from '../core/ports.ts';
import { TERMINAL_AGENT } from './defaults.ts';

/** bash wants its long options before `-l`, and arguments of the user may be such: there it is a long option too. Other shells know `-l` only. */
const loginOption = (program: string) => (path.basename(program) === 'bash' ? '--login' : '-l');

/** `program`: the user's own shell. It starts as a login shell, as a terminal window would. */
export const shell = (program: string): Recipe => ({
  ...TERMINAL_AGENT,
  name: 'shell',
  title: 'Shell',
  program,
  args: [loginOption(program)],
  install: null,
  quietMs: 1_000,
  interrupt: '\x03',
  foregroundDecides: true,
});
