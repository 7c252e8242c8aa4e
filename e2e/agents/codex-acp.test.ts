/** The real Codex, from npm, as a chat through its ACP adapter, which brings its own. */
import path from 'node:path';
import { fetchedProgram } from './agent-bins.ts';
import { chatTests } from './chat-tests.ts';
import { prepareCodexHome } from './codex-home.ts';

chatTests({
  title: 'codex-acp 2.6.0',
  version: '2.6.0',
  agent: 'codex',
  runtime: 'acp',
  config: ({ folder }) => ({ env: { HOME: folder, SCRIPTED_KEY: 'dummy-key-for-tests' } }),
  prepare: (place) => prepareCodexHome(place, 'on-request'),
  env: { PATH: `${path.dirname(fetchedProgram('codex-acp', 'codex-acp'))}${path.delimiter}${process.env.PATH}` },
  turn: { input_tokens: 1_200, cached_tokens: 300, output_tokens: 40, cost_usd: null },
  thought: /^thought done: \s*First I look at the request\. Then I answer it\.$/,
  editTitle: /Edit files/,
  asksTogether: true,
  stopsWhenDenied: true,
  wordsOfDenial: 'nowhere',
  // the first piece of it does not always come
  longOutput: /^(?:tick 1\n)?tick 2\ntick 3\ntick 4\n$/,
  refused: /[Aa]uthentication required/,
});
