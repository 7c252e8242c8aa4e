/** What the tests of the real Claude Code share: its program, and a home folder in which it asks none of its first-run questions. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ScriptedModel } from '../scripted-model/server.ts';

const SMALL_MCP = fileURLToPath(new URL('./small-mcp.ts', import.meta.url));
const KEY = 'dummy-key-for-tests';

export function claudeProgram(): string {
  const program = (process.env.AFIELD_TEST_AGENT_BINS ?? '')
    .split(path.delimiter)
    .map((bin) => path.join(bin, 'claude'))
    .find((file) => existsSync(file));
  if (program === undefined) throw new Error('Claude Code is not here. Run: npm run test:agents -- claude');
  return program;
}

/** Makes `folder` its home and `repo` a directory that it trusts. `mcp`: a server of MCP that asks is one of its own. */
export async function prepareClaudeHome(folder: string, repo: string, mcp = false): Promise<void> {
  await mkdir(repo, { recursive: true });
  await writeFile(path.join(repo, 'README.md'), '# demo\n');
  const project = { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true, projectOnboardingSeenCount: 4, allowedTools: [] };
  const settings = {
    hasCompletedOnboarding: true,
    lastOnboardingVersion: '2.1.329',
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
