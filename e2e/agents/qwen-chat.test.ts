/** The real Qwen Code, from npm, as a chat over ACP. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fetchedProgram } from './agent-bins.ts';
import { chatTests } from './chat-tests.ts';

chatTests({
  title: 'Qwen Code 0.24.4 over ACP',
  version: '0.24.4',
  agent: 'qwen',
  config: ({ folder, model }) => ({
    command: [fetchedProgram('qwen', 'qwen')],
    env: { HOME: folder, OPENAI_API_KEY: 'dummy-key-for-tests', OPENAI_BASE_URL: `${model.url}/v1`, OPENAI_MODEL: 'scripted-model' },
  }),
  async prepare({ folder }) {
    const settings = {
      security: { auth: { selectedType: 'openai' } },
      privacy: { usageStatisticsEnabled: false },
      general: { enableAutoUpdate: false },
    };
    await mkdir(path.join(folder, '.qwen'));
    await writeFile(path.join(folder, '.qwen', 'settings.json'), JSON.stringify(settings));
  },
  turn: { input_tokens: 1_200, cached_tokens: 300, output_tokens: 40, cost_usd: null },
  beforeNew: '',
  stopsWhenDenied: true,
  wordsOfDenial: 'nowhere',
  question: { id: '0', text: 'Which colour should it be?', tool: /Ask user 1 question/, output: 'Blue' },
  longOutput: /\nOutput: tick 1\ntick 2\ntick 3\ntick 4\n/,
  refused: /invalid x-api-key/,
  // it tries for more than 40 seconds, and tells nothing
  overloaded: 'tries again in silence',
});
