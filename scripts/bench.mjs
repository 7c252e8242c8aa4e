/** `npm run bench [names] [--quick]`: measures, prints a table and writes bench/results/*.json. */
import { ensureBuilt, ensureInstalled, nodePath, run } from './house.mjs';

await ensureInstalled();
await ensureBuilt();
process.exitCode = await run(nodePath(), ['--expose-gc', 'bench/main.ts', ...process.argv.slice(2)]);
