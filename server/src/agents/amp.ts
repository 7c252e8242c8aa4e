import type { Recipe } from '../core/ports.ts';
import { TERMINAL_AGENT } from './defaults.ts';

/** Amp. Nothing about its screen is certain enough for a rule, so silence decides. */
export const amp: Recipe = {
  ...TERMINAL_AGENT,
  name: 'amp',
  title: 'Amp',
  program: 'amp',
  install: 'npm install -g @ampcode/cli',
  faces: ['terminal', 'chat'],
  chat: [
    {
      runtime: 'stream-json',
      args: ['--execute', '--stream-json', '--stream-json-input'],
      note: 'A run of its own for each prompt. It can ask nobody: what it may do is what its own settings allow.',
    },
  ],
  serverUrlVariable: 'AMP_URL',
  passEnv: ['AMP_*'],
};
