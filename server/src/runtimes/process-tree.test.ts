/** G8: where few descriptors are left, what runs is still found, and ended. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';

const here = (name: string) => JSON.stringify(pathToFileURL(path.join(import.meta.dirname, name)).href);
/** In a program of its own, with so many descriptors left. Tells how many members a tree of two has, and how many are left of it. */
const script = (left: number) => `
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
const { endTree, membersOf } = await import(${here('process-tree.ts')});
const { systemClock } = await import(${here('../core/clock.ts')});
const child = spawn('sh', ['-c', 'sleep 300 & echo ready; wait'], { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
await once(child.stdout, 'data');
const held = [];
try { for (;;) held.push(openSync('/dev/null')); } catch {}
for (const fd of held.splice(0, ${left})) closeSync(fd);
const tree = { root: child.pid, mark: ['NOBODY=has this'] };
let found;
try {
  found = (await membersOf(tree)).length;
  await endTree(tree, systemClock());
} catch (error) { found = error.code; }
for (const fd of held) closeSync(fd);
const after = (await membersOf(tree)).length;
if (after > 0) process.kill(-child.pid, 'SIGKILL');
console.log(JSON.stringify({ found, after }));
process.exit(0);
`;
function withFewLeft(left: number): unknown {
  const args = ['-c', 'ulimit -n 64; exec "$0" --input-type=module -e "$1"', process.execPath, script(left)];
  return JSON.parse(execFileSync('bash', args, { encoding: 'utf8', timeout: 60_000 }));
}

describe.runIf(process.platform === 'linux')('G8: a process tree, looked for', () => {
  it('with six descriptors left is found and ended', () => {
    expect(withFewLeft(6)).toEqual({ found: 2, after: 0 });
  });
  it('with none left is not taken for gone: that is an error', () => {
    expect(withFewLeft(0)).toEqual({ found: 'unavailable', after: 2 });
  });
});
