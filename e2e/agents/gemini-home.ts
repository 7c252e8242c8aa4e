/** What the tests of the real Gemini CLI share: a home folder in which it asks none of its first-run questions, and its environment. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fetchedProgram } from './agent-bins.ts';
import type { AgentHome, Place } from './agent-house.ts';

const VERSION = '0.61.0';

async function prepareGeminiHome({ folder }: Place): Promise<void> {
  const settings = {
    security: { auth: { selectedType: 'gemini-api-key' }, folderTrust: { enabled: false } },
    privacy: { usageStatisticsEnabled: false },
    telemetry: { enabled: false },
    general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
    model: { name: 'gemini-2.5-pro' },
  };
  await mkdir(path.join(folder, '.gemini'));
  await writeFile(path.join(folder, '.gemini', 'settings.json'), JSON.stringify(settings));
}

export const geminiHome: AgentHome = {
  title: `Gemini CLI ${VERSION}`,
  version: VERSION,
  agent: 'gemini',
  config: ({ folder, model }) => ({
    command: [fetchedProgram('gemini', 'gemini')],
    env: { HOME: folder, GEMINI_API_KEY: 'dummy-key-for-tests', GOOGLE_GEMINI_BASE_URL: model.url },
  }),
  prepare: prepareGeminiHome,
};
