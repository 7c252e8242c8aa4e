import type { Recipe } from '../core/ports.ts';
import { ASKS_PERMISSION, ASKS_QUESTION, ASKS_TRUST, SEES_QUESTIONS, TERMINAL_AGENT } from './defaults.ts';
import { FOLDER_LINES, sentence } from './dialogs.ts';

/** Its title's circle turns while it works. */
const WORKS = /^[◐◓◑◒]/u;
/** Any other text (it warns of commands that a folder's settings would run) is another dialog, which its person answers. */
const TRUST = [
  '^─+',
  ' Accessing workspace:\n',
  `${FOLDER_LINES}`,
  ` ${sentence("Quick safety check: Is this a project you created or one you trust? (Like your own code, a well-known open source project, or work from your team). If not, take a moment to review what's in this folder first.")}\n`,
  ` ${sentence("Claude Code'll be able to read, edit, and execute files here.")}\n`,
  ' Security guide\n',
  ' [ ❯] No, exit',
  ' [ ❯] Yes, I trust this folder\n',
  ' Enter to confirm · Esc to cancel$',
].join('\n');

/**
 * Claude Code. Its permission mode is left as its user set it; `args: [--permission-mode, manual]` makes it ask for everything.
 * The environment of a Claude that started this server (CLAUDECODE, CLAUDE_CODE_ENTRYPOINT, …) must not reach it.
 */
export const claude: Recipe = {
  ...TERMINAL_AGENT,
  name: 'claude',
  faces: ['terminal', 'chat'],
  chat: [
    {
      runtime: 'claude-stream',
      args: [],
      // It keeps a list of what it does only when it is told to; the plan on the screen is that list.
      env: { CLAUDE_CODE_ENABLE_TODO_TOOLS: '1' },
      mode: 'default',
      tested: { from: '2.1.329', to: '2.1.329' },
    },
    {
      runtime: 'acp',
      program: 'claude-agent-acp',
      args: [],
      mode: 'default',
      note: 'Through the adapter @agentclientprotocol/claude-agent-acp, which brings a Claude Code of its own.',
      tested: { from: '0.100.0', to: '0.100.0' },
    },
  ],
  companion: 'claude-companion',
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
    { status: 'busy', title: WORKS, screen: /· thinking\)\n/u, activity: 'thinking' },
    { status: 'busy', title: WORKS, screen: /\(ctrl\+b to run in background\)\n/u, activity: 'running' },
    { status: 'busy', title: WORKS, screen: /(?:^|\n)● Reading \d+ files?…\n/u, activity: 'reading' },
    // Asking, its title is as when it is idle, so the screen must tell.
    { status: 'busy', title: WORKS },
    { status: 'waiting', title: /^$/u, screen: /Accessing workspace:/u, reason: ASKS_TRUST },
    { status: 'waiting', screen: /Esc to cancel · Tab to amend[^\n]*$/u, reason: ASKS_PERMISSION },
    { status: 'waiting', screen: /Esc to cancel[^\n]*$/u, reason: ASKS_QUESTION },
    { status: 'busy', screen: /esc to interrupt[^\n]*$/u },
    { status: 'idle', title: /^✳/u },
  ],
  modelOption: '--model',
  goesOn: {
    resume: ['--resume', '{id}'],
    fork: ['--resume', '{id}', '--fork-session'],
    keeps: {
      valued: [
        '--add-dir',
        '--agent',
        '--agents',
        '--allowed-tools',
        '--allowedTools',
        '--append-system-prompt',
        '--disallowed-tools',
        '--disallowedTools',
        '--effort',
        '--fallback-model',
        '--mcp-config',
        '--model',
        '--permission-mode',
        '--plugin-dir',
        '--setting-sources',
        '--settings',
        '--system-prompt',
        '--tools',
      ],
      plain: [
        '--bare',
        '--dangerously-skip-permissions',
        '--disable-slash-commands',
        '--ide',
        '--restricted',
        '--safe-mode',
        '--strict-mcp-config',
        '--verbose',
      ],
    },
  },
  serverUrlVariable: 'ANTHROPIC_BASE_URL',
  dialogs: [
    {
      name: 'trust',
      title: /^$/u,
      screen: new RegExp(TRUST, 'u'),
      // No stands first and is chosen.
      keys: [
        { when: /\n ❯ No, exit\n/u, press: '\x1b[B' },
        { when: /\n ❯ Yes, I trust this folder\n/u, press: '\r' },
      ],
    },
  ],
};
