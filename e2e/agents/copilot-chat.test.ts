/** The real GitHub Copilot CLI, from npm, as a chat over ACP. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fetchedProgram } from './agent-bins.ts';
import { chatTests } from './chat-tests.ts';

chatTests({
  title: 'GitHub Copilot 1.0.102 over ACP',
  version: '1.0.102',
  agent: 'copilot',
  config: ({ folder, model }) => ({
    command: [fetchedProgram('copilot', 'copilot')],
    env: {
      HOME: folder,
      COPILOT_OFFLINE: 'true',
      COPILOT_PROVIDER_BASE_URL: `${model.url}/v1`,
      COPILOT_PROVIDER_TYPE: 'openai',
      COPILOT_PROVIDER_API_KEY: 'dummy-key-for-tests',
      COPILOT_MODEL: 'gpt-5.5',
    },
  }),
  async prepare({ folder, repo }) {
    await mkdir(path.join(folder, '.copilot'));
    await writeFile(path.join(folder, '.copilot', 'config.json'), JSON.stringify({ trusted_folders: [repo] }));
  },
  turn: { input_tokens: 1_200, cached_tokens: 300, output_tokens: 40, cost_usd: null },
  asksTogether: true,
  stopsWhenDenied: true,
  editsByCommand: true,
  wordsOfDenial: 'nowhere',
  longTitle: /Count slowly/,
  longOutput: /^tick 1\ntick 2\ntick 3\ntick 4\n/,
  refused: /Authentication failed/,
});
