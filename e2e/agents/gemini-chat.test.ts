/** The real Gemini CLI, from npm, as a chat over ACP. */
import { acpChatTests } from './acp-chat.ts';
import { fetchedProgram } from './agent-bins.ts';
import { geminiEnv, prepareGeminiHome } from './gemini-home.ts';

acpChatTests({
  title: 'Gemini CLI 0.61.0 over ACP',
  version: '0.61.0',
  agent: 'gemini',
  config: ({ folder, model }) => ({ command: [fetchedProgram('gemini', 'gemini')], env: geminiEnv(folder, model) }),
  prepare: ({ folder }) => prepareGeminiHome(folder),
  greeting: { input_tokens: 1200, output_tokens: 40, cost: false },
  refused: /invalid x-api-key/,
  // it tries for more than 40 seconds, and tells nothing
  overloads: false,
  // it keeps not every conversation that it had over ACP
  resumes: false,
});
