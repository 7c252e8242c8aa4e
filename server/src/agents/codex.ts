import type { Recipe } from '../core/ports.ts';
import { ASKS_PERMISSION, ASKS_QUESTION, ASKS_TRUST, SEES_QUESTIONS, TERMINAL_AGENT } from './defaults.ts';
import { FOLDER_LINES, sentence } from './dialogs.ts';

/** A spinner of braille patterns stands before the name of the directory. */
const WORKS = /^[\u2801-\u28ff]/u;
const TRUST = [
  '^ *Folder access',
  `${FOLDER_LINES}`,
  ` +${sentence('Trust this folder? Codex can read, edit, and run files here, subject to your permission settings. Folder settings can run code automatically, even without a model request. Continue only if you trust these files. Your trust decision will be saved.')}\n`,
  '› 1\\. Trust and continue',
  '  2\\. Back to Agent Command Center\n',
  ' +enter continue · esc back$',
].join('\n');

/** OpenAI Codex. `--no-daemon`: else all sessions share one background process, which would belong to the first of them. */
export const codex: Recipe = {
  ...TERMINAL_AGENT,
  name: 'codex',
  faces: ['terminal', 'chat'],
  chat: [
    {
      runtime: 'codex-app-server',
      args: ['app-server'],
      mode: 'read-only',
      tested: { from: '0.169.0', to: '0.169.0' },
    },
    {
      runtime: 'acp',
      program: 'codex-acp',
      args: [],
      mode: 'read-only',
      note: 'By the adapter @agentclientprotocol/codex-acp, which brings a Codex of its own. Its mode "agent" lets a model answer in your place; to decline ends the turn.',
      tested: { from: '2.6.0', to: '2.6.0' },
    },
  ],
  companion: 'codex-remote',
  title: 'Codex',
  program: 'codex',
  args: ['--no-daemon'],
  install: 'npm install -g @openai/codex',
  capabilities: SEES_QUESTIONS,
  passEnv: ['OPENAI_*', 'AZURE_OPENAI_*', 'CODEX_HOME'],
  states: [
    { status: 'waiting', title: /Action Required/u, reason: ASKS_PERMISSION },
    { status: 'busy', title: WORKS, screen: /(?:^|\n)• Running [^\n]*\n(?:(?!• )[^\n]*\n)*• Working \(/u, activity: 'running' },
    { status: 'busy', title: WORKS },
    { status: 'waiting', title: /^$/u, screen: /Trust this folder\?/u, reason: ASKS_TRUST },
    { status: 'waiting', screen: /(?:press enter to confirm|enter continue)[^\n]*$/iu, reason: ASKS_QUESTION },
    { status: 'idle', title: /\S/u },
    { status: 'busy', screen: /esc to interrupt/u },
  ],
  modelOption: '--model',
  goesOn: {
    resume: ['resume', '{id}'],
    fork: ['fork', '{id}'],
    // It takes no other permissions for a conversation that is there.
    keeps: { valued: ['--cd', '--config', '--disable', '--enable', '--model', '-C', '-c', '-m'], plain: ['--no-alt-screen', '--search'] },
  },
  serverUrlVariable: 'OPENAI_BASE_URL',
  dialogs: [{ name: 'trust', title: /^$/u, screen: new RegExp(TRUST, 'u'), keys: [{ when: /^/u, press: '\r' }] }],
};
