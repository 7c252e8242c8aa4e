/** What the tests of the real Codex share: its program, and a home folder in which it asks none of its first-run questions. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fetchedProgram } from './agent-bins.ts';
import type { AgentHome, Place } from './agent-house.ts';

const VERSION = '0.169.0';

const codexProgram = (): string => fetchedProgram('codex', 'codex');

/** Makes `folder` its home and `repo` a directory that it trusts. With a model of this name it offers the tools that are scripted. */
export async function prepareCodexHome({ folder, repo, model }: Place, approvalPolicy = 'never'): Promise<void> {
  const settings = `
model = "gpt-5.5"
model_provider = "scripted"
approval_policy = "${approvalPolicy}"
sandbox_mode = "read-only"
check_for_update_on_startup = false
model_context_window = 200000
[model_providers.scripted]
name = "Scripted"
base_url = "${model.url}/v1"
env_key = "SCRIPTED_KEY"
wire_api = "responses"
request_max_retries = 1
stream_max_retries = 1
[projects.${JSON.stringify(repo)}]
trust_level = "trusted"
[analytics]
enabled = false
[otel]
exporter = "none"
[notice.model_migrations]
"gpt-5.5" = "gpt-6-sol"
`;
  await mkdir(path.join(folder, '.codex'), { recursive: true });
  await writeFile(path.join(folder, '.codex/config.toml'), settings);
}

/** Environment of a Codex that talks to the scripted model and to nobody else. */
const codexEnv = (folder: string): Record<string, string> => ({
  HOME: folder,
  CODEX_HOME: path.join(folder, '.codex'),
  SCRIPTED_KEY: 'dummy-key-for-tests',
});

export const codexHome: AgentHome = {
  title: `Codex ${VERSION}`,
  version: VERSION,
  agent: 'codex',
  config: ({ folder }) => ({ command: [codexProgram()], env: codexEnv(folder) }),
  prepare: (place) => prepareCodexHome(place),
};

/** In a terminal. Its own settings would ask nothing: what is set for the terminal holds for its app-server too. */
export const codexTerminal: AgentHome = {
  ...codexHome,
  config: ({ folder }) => ({ command: [codexProgram(), '-c', 'approval_policy=on-request', '--no-daemon'], env: codexEnv(folder) }),
};
