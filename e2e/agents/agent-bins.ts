/** Programs that `npm run test:agents` has fetched. */
import { existsSync } from 'node:fs';
import path from 'node:path';

/** Errors: one that says how to fetch it. */
export function fetchedProgram(program: string, name: string): string {
  const bins = (process.env.AFIELD_TEST_AGENT_BINS ?? '').split(path.delimiter).map((bin) => path.join(bin, program));
  const found = bins.find((file) => existsSync(file));
  if (found === undefined) throw new Error(`${program} is not here. Run: npm run test:agents -- ${name}`);
  return found;
}
