import type { Recipe } from '../core/ports.ts';
import { ASKS_PERMISSION, SEES_QUESTIONS, TERMINAL_AGENT } from './defaults.ts';

const FOOTER = '\\besc (?:again to )?interrupt\\b';
const WORKS = new RegExp(FOOTER, 'u');
/** With what it does, above the footer. */
const thenWorks = (does: string) => new RegExp(`\\n {2}[ ]*${does}[^]*${FOOTER}`, 'u');

const TESTED = { from: '1.18.33', to: '1.18.33' };

/** opencode. Its title names the conversation and tells no state; the footer does. */
export const opencode: Recipe = {
  ...TERMINAL_AGENT,
  name: 'opencode',
  faces: ['terminal', 'chat'],
  chat: [
    {
      runtime: 'opencode-server',
      args: ['serve'],
      note: 'On the home server alone: its server listens on its own machine only.',
      tested: TESTED,
    },
    {
      runtime: 'acp',
      args: ['acp'],
      note: 'On every machine. It asks only what your permission settings say, which is nothing where there are none, and hears nothing while it works.',
      tested: TESTED,
    },
  ],
  companion: 'opencode-port',
  title: 'opencode',
  program: 'opencode',
  install: 'npm install -g opencode-ai',
  capabilities: SEES_QUESTIONS,
  passEnv: ['OPENCODE_*', 'ANTHROPIC_*', 'OPENAI_*', 'OPENROUTER_*', 'GEMINI_*', 'GOOGLE_*', 'AWS_*'],
  states: [
    { status: 'waiting', screen: /Permission required|Allow once\s+Allow always\s+Reject/u, reason: ASKS_PERMISSION },
    { status: 'busy', screen: thenWorks('[\\u2801-\\u28ff] Thinking'), activity: 'thinking' },
    { status: 'busy', screen: thenWorks('┃ {2}[\\u2801-\\u28ff] '), activity: 'running' },
    { status: 'busy', screen: WORKS },
    { status: 'idle', screen: /Ask anything…|ctrl\+p commands/u },
  ],
  interruptTimes: 2,
  modelOption: '--model',
  goesOn: {
    resume: ['--session', '{id}'],
    fork: ['--session', '{id}', '--fork'],
    keeps: { valued: ['--agent', '--log-level', '--model', '-m'], plain: ['--auto', '--print-logs', '--pure'] },
  },
};
