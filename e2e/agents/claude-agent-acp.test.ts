/** The real Claude Code, from npm, as a chat through its ACP adapter, which brings its own. */
import path from 'node:path';
import { acpChatTests } from './acp-chat.ts';
import { fetchedProgram } from './agent-bins.ts';
import { claudeEnv, prepareClaudeHome } from './claude-home.ts';

acpChatTests({
  title: 'claude-agent-acp 0.100.0',
  version: '0.100.0',
  agent: 'claude',
  runtime: 'acp',
  config: ({ folder, model }) => ({ env: { ...claudeEnv(folder, model), ENABLE_TOOL_SEARCH: 'false' } }),
  prepare: ({ folder, repo }) => prepareClaudeHome(folder, repo),
  env: { PATH: `${path.dirname(fetchedProgram('claude-agent-acp', 'claude-agent-acp'))}${path.delimiter}${process.env.PATH}` },
  greeting: { input_tokens: 1500, output_tokens: 40, cost: true },
  asks: 'question',
  refused: /[Aa]uthentication required|Invalid API key/,
});
