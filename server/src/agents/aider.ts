import type { Recipe } from '../core/ports.ts';
import { ASKS_QUESTION, SEES_QUESTIONS, TERMINAL_AGENT } from './defaults.ts';

/** Aider. Its questions end in `[Yes]:`, its own prompt in `>`, both on the last line. */
export const aider: Recipe = {
  ...TERMINAL_AGENT,
  name: 'aider',
  title: 'Aider',
  program: 'aider',
  install: 'python3 -m pip install aider-install && aider-install',
  capabilities: SEES_QUESTIONS,
  passEnv: ['AIDER_*', 'ANTHROPIC_*', 'OPENAI_*', 'GEMINI_*', 'DEEPSEEK_API_KEY', 'OPENROUTER_*'],
  states: [
    { status: 'waiting', screen: /\(Y\)es\/\(N\)o[^\n]*\[\w+\]:\s*$/u, reason: ASKS_QUESTION },
    { status: 'idle', screen: /(?:^|\n)(?:[\w-]+ ){0,2}>$/u },
  ],
  interrupt: '\x03',
  // https://aider.chat/docs/config/options.html
  modelOption: '--model',
};
