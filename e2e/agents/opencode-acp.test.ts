/** The real opencode, from npm, over ACP: the way that works on other machines too. */
import { chatTests } from './chat-tests.ts';
import { opencodeThatAsks } from './opencode-home.ts';

chatTests({
  ...opencodeThatAsks,
  title: `${opencodeThatAsks.title} over ACP`,
  runtime: 'acp',
  turn: { input_tokens: 1_200, cached_tokens: 300, output_tokens: 40, cost_usd: 0.00339 },
  editTitle: /hello\.txt$|^write$/,
  beforeNew: '',
  stopsWhenDenied: true,
  wordsOfDenial: 'nowhere',
  refused: /invalid x-api-key/,
  forgetsCost: true,
  overloaded: 'tries again in silence',
});
