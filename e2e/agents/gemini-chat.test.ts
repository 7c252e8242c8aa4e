/** The real Gemini CLI, from npm, as a chat over ACP. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { acpChatTests } from './acp-chat.ts';
import { fetchedProgram } from './agent-bins.ts';

acpChatTests({
  title: 'Gemini CLI 0.61.0 over ACP',
  version: '0.61.0',
  agent: 'gemini',
  config: ({ folder, model }) => ({
    command: [fetchedProgram('gemini', 'gemini')],
    env: { HOME: folder, GEMINI_API_KEY: 'dummy-key-for-tests', GOOGLE_GEMINI_BASE_URL: model.url },
  }),
  async prepare({ folder }) {
    const settings = {
      security: { auth: { selectedType: 'gemini-api-key' }, folderTrust: { enabled: false } },
      privacy: { usageStatisticsEnabled: false },
      telemetry: { enabled: false },
      general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
      model: { name: 'gemini-2.5-pro' },
    };
    await mkdir(path.join(folder, '.gemini'));
    await writeFile(path.join(folder, '.gemini', 'settings.json'), JSON.stringify(settings));
  },
  greeting: { input_tokens: 1200, output_tokens: 40, cost: false },
  refused: /invalid x-api-key/,
  // it tries for more than 40 seconds, and tells nothing
  overloads: false,
  // it keeps not every conversation that it had over ACP
  resumes: false,
});
