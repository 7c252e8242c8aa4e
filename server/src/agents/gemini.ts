import type { Recipe } from '../core/ports.ts';
import { ASKS_PERMISSION, ASKS_QUESTION, ASKS_TRUST, SEES_QUESTIONS, TERMINAL_AGENT } from './defaults.ts';

/** Gemini CLI. Its title tells everything but the questions before its first start, during which it says "Ready". */
export const gemini: Recipe = {
  ...TERMINAL_AGENT,
  name: 'gemini',
  title: 'Gemini CLI',
  program: 'gemini',
  install: 'npm install -g @google/gemini-cli',
  capabilities: SEES_QUESTIONS,
  passEnv: ['GEMINI_*', 'GOOGLE_*'],
  states: [
    { status: 'waiting', title: /^✋|Action Required/u, reason: ASKS_PERMISSION },
    { status: 'busy', title: /^✦|Working/u },
    { status: 'waiting', screen: /Do you trust the files in this folder\?/u, reason: ASKS_TRUST },
    { status: 'waiting', screen: /How would you like to authenticate|\(Use Enter to select\)/u, reason: ASKS_QUESTION },
    { status: 'idle', title: /^◇|Ready/u },
    { status: 'busy', screen: /\(esc to cancel/u },
  ],
};
