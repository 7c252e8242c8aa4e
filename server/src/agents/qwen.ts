import type { Recipe } from '../core/ports.ts';
import { ASKS_PERMISSION, SEES_QUESTIONS, TERMINAL_AGENT } from './defaults.ts';

/** Qwen Code. Its title tells everything; the star that is Claude's rest is its question. Its own default mode approves by a model. */
export const qwen: Recipe = {
  ...TERMINAL_AGENT,
  name: 'qwen',
  title: 'Qwen Code',
  program: 'qwen',
  install: 'npm install -g @qwen-code/qwen-code',
  faces: ['terminal', 'chat'],
  chat: [{ runtime: 'acp', args: ['--acp'], mode: 'default', tested: { from: '0.24.4', to: '0.24.4' } }],
  capabilities: SEES_QUESTIONS,
  passEnv: ['QWEN_*', 'OPENAI_*', 'DASHSCOPE_*', 'ANTHROPIC_*', 'GEMINI_*'],
  states: [
    { status: 'waiting', title: /^✳/u, reason: ASKS_PERMISSION },
    { status: 'waiting', screen: /Waiting for user confirmation\.\.\./u, reason: ASKS_PERMISSION },
    { status: 'busy', title: /^[◐◓◑◒]/u },
    { status: 'idle', title: /^Qwen - /u },
  ],
  modelOption: '--model',
  serverUrlVariable: 'OPENAI_BASE_URL',
};
