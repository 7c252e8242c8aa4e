import type { Recipe } from '../core/ports.ts';
import { TERMINAL_AGENT } from './defaults.ts';

/** `program`: the user's own shell. It starts as a login shell, as a terminal window would. */
export const shell = (program: string): Recipe => ({
  ...TERMINAL_AGENT,
  name: 'shell',
  title: 'Shell',
  program,
  args: ['-l'],
  install: null,
  quietMs: 1_000,
  interrupt: '\x03',
  foregroundDecides: true,
});
