/** `npm test [vitest arguments]`: installs what is missing, builds, and runs everything but the real agents. */
import { ensureBuilt, ensureInstalled, ensureTestPrograms, nodePath, run } from './house.mjs';

await ensureInstalled();
ensureTestPrograms();
await ensureBuilt();
const projects = ['shared', 'relay', 'server', 'pwa', 'e2e'].flatMap((name) => ['--project', name]);
process.exitCode = await run(nodePath(), ['node_modules/vitest/vitest.mjs', 'run', ...projects, ...process.argv.slice(2)]);
