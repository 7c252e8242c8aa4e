/** What the tests of the real opencode share: its program, and a home folder in which it knows the scripted model alone. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fetchedProgram } from './agent-bins.ts';
import type { AgentHome, Place } from './agent-house.ts';

const KEY = 'dummy-key-for-tests';
const VERSION = '1.18.33';

const opencodeProgram = (): string => fetchedProgram('opencode', 'opencode');

/** Makes `folder` its home. `permission`, left out: it says nothing of it, as most people's does not. */
async function prepareOpencodeHome({ folder, model }: Place, permission?: Record<string, string>): Promise<void> {
  const config = path.join(folder, '.config/opencode');
  await mkdir(config, { recursive: true });
  const scripted = {
    npm: '@ai-sdk/openai-compatible',
    name: 'Scripted',
    options: { baseURL: `${model.url}/v1`, apiKey: KEY },
    models: {
      'scripted-model': {
        name: 'Scripted Model',
        tool_call: true,
        attachment: true,
        modalities: { input: ['text', 'image'], output: ['text'] },
        limit: { context: 200_000, output: 8_192 },
        cost: { input: 3, output: 15, cache_read: 0.3 },
      },
      plain: { name: 'Plain', tool_call: true, limit: { context: 100_000, output: 8_192 } },
    },
  };
  const settings = {
    autoupdate: false,
    share: 'disabled',
    model: 'scripted/scripted-model',
    small_model: 'scripted/scripted-model',
    enabled_providers: ['scripted'],
    provider: { scripted },
    ...(permission === undefined ? {} : { permission }),
  };
  await writeFile(path.join(config, 'opencode.json'), JSON.stringify(settings));
}

/** Environment of an opencode that talks to the scripted model and to nobody else. */
const opencodeEnv = (folder: string): Record<string, string> => ({
  HOME: folder,
  XDG_CONFIG_HOME: path.join(folder, '.config'),
  XDG_DATA_HOME: path.join(folder, '.local/share'),
  XDG_STATE_HOME: path.join(folder, '.local/state'),
  XDG_CACHE_HOME: path.join(folder, '.cache'),
  OPENCODE_DISABLE_MODELS_FETCH: '1',
  OPENCODE_DISABLE_AUTOUPDATE: '1',
  OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
  OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
});

export const opencodeHome: AgentHome = {
  title: `opencode ${VERSION}`,
  version: VERSION,
  agent: 'opencode',
  config: ({ folder }) => ({ command: [opencodeProgram()], env: opencodeEnv(folder) }),
  prepare: (place) => prepareOpencodeHome(place),
};

/** One whose own settings let it ask: where Afield does not tell it to. */
export const opencodeThatAsks: AgentHome = {
  ...opencodeHome,
  prepare: (place) => prepareOpencodeHome(place, { edit: 'ask', bash: 'ask' }),
};
