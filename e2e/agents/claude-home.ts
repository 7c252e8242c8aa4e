/** What the tests of the real Claude Code share: its program, and a home folder in which it asks none of its first-run questions. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ScriptedModel } from '../scripted-model/server.ts';
import { fetchedProgram } from './agent-bins.ts';
import type { AgentHome, Place } from './agent-house.ts';

const SMALL_MCP = fileURLToPath(new URL('./small-mcp.ts', import.meta.url));
const KEY = 'dummy-key-for-tests';
const VERSION = '2.1.329';

export const claudeProgram = (): string => fetchedProgram('claude', 'claude');

/** Makes `folder` its home and `repo` a directory that it trusts. `mcp`: a server of MCP that asks is one of its own. */
export async function prepareClaudeHome({ folder, repo }: Pick<Place, 'folder' | 'repo'>, mcp = false): Promise<void> {
  const project = { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true, projectOnboardingSeenCount: 4, allowedTools: [] };
  const settings = {
    hasCompletedOnboarding: true,
    lastOnboardingVersion: VERSION,
    theme: 'dark',
    customApiKeyResponses: { approved: [KEY], rejected: [] },
    projects: { [repo]: project },
    ...(mcp ? { mcpServers: { forms: { type: 'stdio', command: process.execPath, args: [SMALL_MCP] } } } : {}),
  };
  await writeFile(path.join(folder, '.claude.json'), JSON.stringify(settings));
}

/** Environment of a Claude Code that talks to the scripted model and to nobody else. */
export const claudeEnv = (folder: string, model: ScriptedModel): Record<string, string> => ({
  HOME: folder,
  ANTHROPIC_BASE_URL: model.url,
  ANTHROPIC_API_KEY: KEY,
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  CLAUDE_CODE_MAX_RETRIES: '1',
  DISABLE_AUTOUPDATER: '1',
  DISABLE_ERROR_REPORTING: '1',
  DISABLE_TELEMETRY: '1',
});

/** With its search for tools every tool would be offered only after it was looked for, which the script does not do. */
export const claudeChatEnv = ({ folder, model }: Place): Record<string, string> => ({
  ...claudeEnv(folder, model),
  ENABLE_TOOL_SEARCH: 'false',
});

export const claudeChat: AgentHome = {
  title: `Claude Code ${VERSION}`,
  version: VERSION,
  agent: 'claude',
  config: (place) => ({ command: [claudeProgram()], env: claudeChatEnv(place) }),
  prepare: (place) => prepareClaudeHome(place),
};

/** With a server of MCP that asks. Its first prompt waits for that. */
export const claudeWithMcp: AgentHome = {
  ...claudeChat,
  config: (place) => ({ command: [claudeProgram()], env: { ...claudeChatEnv(place), MCP_CONNECTION_NONBLOCKING: '0' } }),
  prepare: (place) => prepareClaudeHome(place, true),
};

/** In a terminal. Its own default would be to let a model approve; here a person does. */
export const claudeTerminal: AgentHome = {
  ...claudeChat,
  config: ({ folder, model }) => ({ command: [claudeProgram(), '--permission-mode', 'manual'], env: claudeEnv(folder, model) }),
};
