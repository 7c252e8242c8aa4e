/** The real Claude Code, from npm, as a chat through its ACP adapter, which brings its own. */
import path from 'node:path';
import { fetchedProgram } from './agent-bins.ts';
import { chatTests } from './chat-tests.ts';
import { claudeChatEnv, prepareClaudeHome } from './claude-home.ts';

chatTests({
  title: 'claude-agent-acp 0.100.0',
  version: '0.100.0',
  agent: 'claude',
  runtime: 'acp',
  config: (place) => ({ env: claudeChatEnv(place) }),
  prepare: prepareClaudeHome,
  env: { PATH: `${path.dirname(fetchedProgram('claude-agent-acp', 'claude-agent-acp'))}${path.delimiter}${process.env.PATH}` },
  turn: { input_tokens: 1_500, cached_tokens: 300, output_tokens: 40, cost_usd: 0.00566 },
  titleCosts: 0.00566,
  wordsOfDenial: 'nowhere',
  question: { id: 'question_0', text: 'Colour', tool: /Which colour should it be\?/, output: 'Blue' },
  forgetsCost: true,
  refused: /[Aa]uthentication required|Invalid API key/,
});
