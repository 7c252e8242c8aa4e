import type { Recipe } from '../core/ports.ts';
import { ASKS_PERMISSION, SEES_QUESTIONS, TERMINAL_AGENT } from './defaults.ts';

/** opencode. Its title names the conversation and tells no state; the footer does. */
export const opencode: Recipe = {
  ...TERMINAL_AGENT,
  name: 'opencode',
  title: 'opencode',
  program: 'opencode',
  install: 'npm install -g opencode-ai',
  capabilities: SEES_QUESTIONS,
  passEnv: ['OPENCODE_*', 'ANTHROPIC_*', 'OPENAI_*', 'OPENROUTER_*', 'GEMINI_*', 'GOOGLE_*', 'AWS_*'],
  states: [
    { status: 'waiting', screen: /Permission required|Allow once\s+Allow always\s+Reject/u, reason: ASKS_PERMISSION },
    { status: 'busy', screen: /\besc (?:again to )?interrupt\b/u },
    { status: 'idle', screen: /Ask anything…|ctrl\+p commands/u },
  ],
  interruptTimes: 2,
};
