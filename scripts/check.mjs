/** `npm run check`: formatting and lint, types, import rules, dead code, sizes. All of them run; the summary names what failed. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { childEnv, ensureBuilt, ensureInstalled, nodePath, ROOT } from './house.mjs';

await ensureInstalled();
await ensureBuilt(['pwa']);
const bin = (file) => path.join(ROOT, 'node_modules', file);
const node = (file, ...args) => ({ file: nodePath(), args: [bin(file), ...args] });
const TSC = 'typescript/bin/tsc';

const steps = {
  'lint and format (biome)': [node('@biomejs/biome/bin/biome', 'check', '.', '--error-on-warnings')],
  'types (tsc)': ['shared', 'shared/tsconfig.test.json', 'relay', 'server', 'pwa', 'pwa/tsconfig.sw.json', 'e2e', 'bench'].map((project) =>
    node(TSC, '-p', project),
  ),
  'import rules (dependency-cruiser)': [
    {
      ...node(
        'dependency-cruiser/bin/dependency-cruiser.mjs',
        '--config',
        '.dependency-cruiser.cjs',
        'shared/src',
        'relay/src',
        'server/src',
        'pwa/src',
        'e2e',
        'bench',
      ),
      prove: modulesCruised,
    },
  ],
  'dead code (knip)': [node('knip/bin/knip.js')],
  'sizes (size-limit)': [node('size-limit/bin.js')],
};

/** Without a transpiler for TypeScript the cruiser reads nothing and is content: so nothing read is a failure. */
function modulesCruised(output) {
  const modules = Number(output.match(/\((\d+) modules/)?.[1] ?? 0);
  return modules > 100 ? null : `Only ${modules} modules were read: the cruiser does not see the TypeScript sources.`;
}

const failed = [];
for (const [name, commands] of Object.entries(steps)) {
  const start = performance.now();
  let ok = true;
  for (const { file, args, prove } of commands) {
    const result = spawnSync(file, args, { cwd: ROOT, env: childEnv(), encoding: 'utf8', maxBuffer: 1 << 26 });
    const output = `${result.stdout}${result.stderr}`;
    const objection = result.status === 0 ? prove?.(output) : `exit code ${result.status}`;
    if (objection) {
      ok = false;
      process.stdout.write(`${output}\n${objection}\n`);
    }
  }
  console.log(`${ok ? '✓' : '✗'} ${name}  ${((performance.now() - start) / 1000).toFixed(1)} s`);
  if (!ok) failed.push(name);
}
if (failed.length > 0) console.error(`\nNot in order: ${failed.join(', ')}`);
process.exitCode = failed.length > 0 ? 1 : 0;
