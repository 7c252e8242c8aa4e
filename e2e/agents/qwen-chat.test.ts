/** The real Qwen Code, from npm, as a chat over ACP. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { acpChatTests } from './acp-chat.ts';
import { fetchedProgram } from './agent-bins.ts';

acpChatTests({
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
  greeting: { input_tokens: 1200, output_tokens: 40, cost: false },
  stopsWhenDenied: true,
  asks: 'question',
  refused: /invalid x-api-key/,
  // it tries for more than 40 seconds, and tells nothing
  overloads: false,
});
