/** The real Gemini CLI, from npm, as a chat over ACP. */
import { chatTests } from './chat-tests.ts';
import { geminiHome } from './gemini-home.ts';

chatTests({
  ...geminiHome,
  title: `${geminiHome.title} over ACP`,
  turn: { input_tokens: 1_200, cached_tokens: 0, output_tokens: 40, cost_usd: null },
  // it makes a heading of each piece
  thought: /^thought done: \*\*\*\*\nFirst\*[\s\S]*it\.$/,
  wordsOfDenial: 'nowhere',
  // it tells nothing of what a command prints
  longOutput: /^$/,
  refused: /invalid x-api-key/,
  // it tries for more than 40 seconds, and tells nothing
  overloaded: 'tries again in silence',
  // it keeps not every conversation that it had over ACP
  resumes: false,
});
