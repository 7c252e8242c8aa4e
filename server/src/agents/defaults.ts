import type { Recipe } from '../core/ports.ts';

/** What most agents with a terminal face have in common; a recipe overrides what differs. */
export const TERMINAL_AGENT = {
  args: [],
  faces: ['terminal'],
  capabilities: ['prompt', 'interrupt'],
  passEnv: [],
  states: [],
  quietMs: 3_000,
  readyWhen: 'idle',
  submit: '\r',
  interrupt: '\x1b',
  source: 'builtin',
} satisfies Partial<Recipe>;

/** With rules that see when it asks for permission. */
export const SEES_QUESTIONS = ['prompt', 'interrupt', 'waiting'] as const;

export const ASKS_PERMISSION = 'It asks for permission.';
export const ASKS_QUESTION = 'It asks a question.';
export const ASKS_TRUST = 'It asks whether it may work in this directory.';
