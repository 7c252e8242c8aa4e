import type { Recipe } from '../core/ports.ts';
import { ASKS_PERMISSION, ASKS_QUESTION, ASKS_TRUST, SEES_QUESTIONS, TERMINAL_AGENT } from './defaults.ts';

const TESTED = { from: '0.61.0', to: '0.61.0' };
const WORKS = /^✦|Working/u;
/** Below what it prints at every start; only the last part of the directory's path is shown. */
const TRUST = [
  '^(?:(?:[ ▝▜▄▗▟▀█▙▛▌▐▖▘]*|[^\\n]{0,20}Gemini CLI v[0-9.]+|Tips for getting started:|[1-4]\\. [^\\n]*|ℹ Skipping project agents[^\\n]*|  [a-z ]{0,70}trusted\\.)\\n)*',
  ' ╭─+╮\\n │ +│\\n │ Do you trust the files in this folder\\? +│\\n │ +│\\n',
  '(?: │ [^\\n]*│\\n){2,8}? │ +│\\n │ +│\\n',
  " │ ● 1\\. Trust folder \\((?<folder>[^\\n]*)\\) +│\\n │   2\\. Trust parent folder \\([^\\n]*\\) +│\\n │   3\\. Don't trust +│\\n",
  ' │ +│\\n ╰─+╯$',
].join('');

/** Gemini CLI. Its title tells everything but the questions before its first start, during which it says "Ready". */
export const gemini: Recipe = {
  ...TERMINAL_AGENT,
  name: 'gemini',
  title: 'Gemini CLI',
  program: 'gemini',
  install: 'npm install -g @google/gemini-cli',
  faces: ['terminal', 'chat'],
  chat: [
    { runtime: 'acp', args: ['--acp'], mode: 'default', tested: TESTED },
    {
      runtime: 'stream-json',
      args: ['-o', 'stream-json'],
      mode: 'default',
      note: 'A run of its own for each prompt. It can ask nobody: in its default mode it changes nothing.',
      tested: TESTED,
    },
  ],
  capabilities: SEES_QUESTIONS,
  passEnv: ['GEMINI_*', 'GOOGLE_*'],
  states: [
    { status: 'waiting', title: /^✋|Action Required/u, reason: ASKS_PERMISSION },
    { status: 'busy', title: WORKS, screen: /\n│ [⊶⊷] {2}Shell /u, activity: 'running' },
    { status: 'busy', title: WORKS, screen: /\n│ [⊶⊷] {2}(?:WriteFile|Edit) /u, activity: 'editing' },
    { status: 'busy', title: WORKS },
    { status: 'waiting', screen: /Do you trust the files in this folder\?/u, reason: ASKS_TRUST },
    { status: 'waiting', screen: /How would you like to authenticate|\(Use Enter to select\)/u, reason: ASKS_QUESTION },
    { status: 'idle', title: /^◇|Ready/u },
    { status: 'busy', screen: /\(esc to cancel/u },
  ],
  modelOption: '--model',
  serverUrlVariable: 'GOOGLE_GEMINI_BASE_URL',
  dialogs: [{ name: 'trust', title: /^◇ +Ready/u, screen: new RegExp(TRUST, 'u'), keys: [{ when: /^/u, press: '\r' }] }],
};
