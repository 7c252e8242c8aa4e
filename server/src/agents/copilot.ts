import type { Recipe } from '../core/ports.ts';
import { ASKS_PERMISSION, ASKS_TRUST, SEES_QUESTIONS, TERMINAL_AGENT } from './defaults.ts';

/** GitHub Copilot CLI. No state in its title. */
export const copilot: Recipe = {
  ...TERMINAL_AGENT,
  name: 'copilot',
  title: 'GitHub Copilot',
  program: 'copilot',
  install: 'npm install -g @github/copilot',
  faces: ['terminal', 'chat'],
  chat: [{ runtime: 'acp', args: ['--acp'], tested: { from: '1.0.102', to: '1.0.102' } }],
  capabilities: SEES_QUESTIONS,
  passEnv: ['COPILOT_*', 'GH_TOKEN', 'GITHUB_TOKEN'],
  states: [
    { status: 'waiting', screen: /Confirm folder trust/u, reason: ASKS_TRUST },
    { status: 'waiting', screen: /(?:^|\n)[^\n]{0,8}❯ 1\. Yes\b/u, reason: ASKS_PERMISSION },
    { status: 'busy', screen: /esc (?:esc )?interrupt/u },
  ],
  interruptTimes: 2,
  modelOption: '--model',
  serverUrlVariable: 'COPILOT_PROVIDER_BASE_URL',
};
