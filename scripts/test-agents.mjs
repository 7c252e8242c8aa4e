/**
 * `npm run test:agents -- [names]`: fetches real agents from npm into a cache folder, at exact versions, and drives them
 * against a scripted model. Without names: all that the tests know. AFIELD_AGENT_CACHE names another cache folder.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { childEnv, ensureBuilt, ensureInstalled, ensureTestPrograms, fail, must, nodePath, ROOT, run } from './house.mjs';

/** Exact, because npm on an older Node silently takes an older version that fits it. */
const AGENTS = {
  claude: ['@anthropic-ai/claude-code', '2.1.329', 'claude'],
  opencode: ['opencode-ai', '1.18.33', 'opencode'],
  codex: ['@openai/codex', '0.169.0', 'codex'],
  gemini: ['@google/gemini-cli', '0.61.0', 'gemini'],
  qwen: ['@qwen-code/qwen-code', '0.24.4', 'qwen'],
  copilot: ['@github/copilot', '1.0.102', 'copilot'],
  'claude-agent-acp': ['@agentclientprotocol/claude-agent-acp', '0.100.0', 'claude-agent-acp'],
  'codex-acp': ['@agentclientprotocol/codex-acp', '2.6.0', 'codex-acp'],
};

/** Of `claude-chat.test.ts` that is claude: the longest name that it begins with. */
const agentOf = (file) =>
  Object.keys(AGENTS)
    .filter((name) => file === `${name}.test.ts` || file.startsWith(`${name}-`))
    .sort((a, b) => b.length - a.length)[0];
const tests = readdirSync(path.join(ROOT, 'e2e/agents')).filter((file) => file.endsWith('.test.ts'));
const known = Object.keys(AGENTS).filter((name) => tests.some((file) => agentOf(file) === name));

/** What a program says of its version, or why it says nothing. */
function versionOf(program) {
  const { stdout, stderr, error } = spawnSync(program, ['--version'], {
    encoding: 'utf8',
    env: childEnv(),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  return (stdout || stderr || error?.message || '').trim();
}

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !known.includes(name));
if (unknown !== undefined) fail(`There is no real-agent test for ${unknown}. Known: ${known.join(', ')}.`);
const names = asked.length > 0 ? asked : known;

await ensureInstalled();
ensureTestPrograms();
await ensureBuilt();

const cache = process.env.AFIELD_AGENT_CACHE ?? path.join(ROOT, '.cache', 'agents');
const bins = [];
for (const name of names) {
  const [pkg, version, program] = AGENTS[name];
  const folder = path.join(cache, `${name}-${version}`);
  const bin = path.join(folder, 'node_modules', '.bin');
  const installed = path.join(folder, 'node_modules', pkg, 'package.json');
  if (!existsSync(path.join(bin, program)) || JSON.parse(readFileSync(installed, 'utf8')).version !== version) {
    console.log(`Fetching ${pkg}@${version} into ${path.relative(ROOT, folder)} …`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'package.json'), '{"private":true}\n');
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    // `npm run` hands this repository's ignore-scripts on in the environment; some agents put their program in place by one.
    const args = ['install', '--ignore-scripts=false', '--save-exact', '--no-audit', '--no-fund', '--loglevel=error'];
    await must(`Installing ${pkg}`, npm, [...args, `${pkg}@${version}`], { cwd: folder });
  }
  const told = versionOf(path.join(bin, program));
  if (!told.includes(version)) {
    rmSync(folder, { recursive: true, force: true });
    fail(`${pkg}@${version} was installed, but \`${program} --version\` says: ${told || 'nothing'}. Run the same command again.`);
  }
  bins.push(bin);
}
process.exitCode = await run(
  nodePath(),
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--project',
    'agents',
    ...tests.filter((file) => names.includes(agentOf(file))).map((file) => `agents/${file}`),
  ],
  {
    env: childEnv({ AFIELD_TEST_AGENT_BINS: bins.join(path.delimiter) }),
  },
);
