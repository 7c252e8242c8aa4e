import type { Recipe } from '../core/ports.ts';
import { ASKS_PERMISSION, ASKS_QUESTION, ASKS_TRUST, SEES_QUESTIONS, TERMINAL_AGENT } from './defaults.ts';

/** OpenAI Codex. `--no-daemon`: else all sessions share one background process, which would belong to the first of them. */
export const codex: Recipe = {
  ...TERMINAL_AGENT,
  name: 'codex',
  title: 'Codex',
  program: 'codex',
  args: ['--no-daemon'],
  install: 'npm install -g @openai/codex',
  capabilities: SEES_QUESTIONS,
  passEnv: ['OPENAI_*', 'AZURE_OPENAI_*', 'CODEX_HOME'],
  states: [
    { status: 'waiting', title: /Action Required/u, reason: ASKS_PERMISSION },
    // A spinner of braille patterns stands before the name of the directory.
    { status: 'busy', title: /^[\u2801-\u28ff]/u },
    { status: 'waiting', title: /^$/u, screen: /Trust this folder\?/u, reason: ASKS_TRUST },
    { status: 'waiting', screen: /(?:press enter to confirm|enter continue)[^\n]*$/iu, reason: ASKS_QUESTION },
    { status: 'idle', title: /\S/u },
    { status: 'busy', screen: /esc to interrupt/u },
  ],
};
