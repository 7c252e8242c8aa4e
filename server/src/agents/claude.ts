import type { Recipe } from '../core/ports.ts';
import { ASKS_PERMISSION, ASKS_QUESTION, ASKS_TRUST, SEES_QUESTIONS, TERMINAL_AGENT } from './defaults.ts';

/**
 * Claude Code. Its permission mode is left as its user set it; `args: [--permission-mode, manual]` makes it ask for everything.
 * The environment of a Claude that started this server (CLAUDECODE, CLAUDE_CODE_ENTRYPOINT, …) must not reach it.
 */
export const claude: Recipe = {
  ...TERMINAL_AGENT,
  name: 'claude',
  title: 'Claude Code',
  program: 'claude',
  install: 'npm install -g @anthropic-ai/claude-code',
  capabilities: SEES_QUESTIONS,
  passEnv: [
    'ANTHROPIC_*',
    'AWS_*',
    'GOOGLE_APPLICATION_CREDENTIALS',
    'CLOUD_ML_REGION',
    'CLAUDE_CONFIG_DIR',
    'CLAUDE_CODE_OAUTH_TOKEN',
    'CLAUDE_CODE_USE_BEDROCK',
    'CLAUDE_CODE_USE_VERTEX',
    'CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC',
    'CLAUDE_CODE_MAX_OUTPUT_TOKENS',
    'CLAUDE_CODE_MAX_RETRIES',
    'API_TIMEOUT_MS',
    'MAX_THINKING_TOKENS',
    'DISABLE_AUTOUPDATER',
    'DISABLE_ERROR_REPORTING',
    'DISABLE_TELEMETRY',
  ],
  states: [
    // The title's circle turns while it works; asking, it looks as when idle, so the screen must tell.
    { status: 'busy', title: /^[◐◓◑◒]/u },
    { status: 'waiting', title: /^$/u, screen: /Accessing workspace:/u, reason: ASKS_TRUST },
    { status: 'waiting', screen: /Esc to cancel · Tab to amend[^\n]*$/u, reason: ASKS_PERMISSION },
    { status: 'waiting', screen: /Esc to cancel[^\n]*$/u, reason: ASKS_QUESTION },
    { status: 'busy', screen: /esc to interrupt[^\n]*$/u },
    { status: 'idle', title: /^✳/u },
  ],
};
