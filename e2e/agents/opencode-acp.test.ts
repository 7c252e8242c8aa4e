/** The real opencode, from npm, over ACP: the way that works on other machines too. */
import { acpChatTests } from './acp-chat.ts';
import { opencodeEnv, opencodeProgram, prepareOpencodeHome } from './opencode-home.ts';

acpChatTests({
  title: 'opencode 1.18.33 over ACP',
  version: '1.18.33',
  agent: 'opencode',
  runtime: 'acp',
  config: ({ folder }) => ({ command: [opencodeProgram()], env: opencodeEnv(folder) }),
  prepare: ({ folder, repo, model }) => prepareOpencodeHome(folder, repo, model, { edit: 'ask', bash: 'ask' }),
  greeting: { input_tokens: 1_200, output_tokens: 40, cost: true },
  stopsWhenDenied: true,
  refused: /invalid x-api-key/,
  overloads: false,
});
