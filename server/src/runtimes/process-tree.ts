/** Ends a whole process tree, whatever its members did to get away: other groups, other sessions, another parent. */
import { pause } from '../core/clock.ts';
import type { Clock } from '../core/ports.ts';
import { isRunning, listProcesses, markedWith } from './processes.ts';

/** Asked to leave, told to leave, made to leave; and how long each is waited for. */
const STEPS = [
  { signal: 'SIGHUP', graceMs: 1_500 },
  { signal: 'SIGTERM', graceMs: 2_500 },
  { signal: 'SIGKILL', graceMs: 3_000 },
] as const;
const POLL_MS = 50;

/** `root`: the process that was started, leader of its group and session; null: only what is marked. `mark`: `NAME=value` entries. */
export interface Tree {
  root: number | null;
  mark: readonly string[];
}

/** Pids of everything that belongs to the tree and runs: by session, group, parent chain and mark. Errors: unavailable. */
export async function membersOf({ root, mark }: Tree): Promise<number[]> {
  const members = new Set(await markedWith(mark));
  const all = await listProcesses();
  for (const { pid, group, session } of all) if (root !== null && (pid === root || group === root || session === root)) members.add(pid);
  // Children of children, until nobody is added any more.
  for (let before = -1; before !== members.size; ) {
    before = members.size;
    for (const { pid, parent } of all) if (members.has(parent)) members.add(pid);
  }
  members.delete(process.pid);
  return [...members];
}

/** Resolves with how many there were, when none is left (or, after SIGKILL, when the kernel does not let go of one). Errors: unavailable. */
export async function endTree(tree: Tree, clock: Clock): Promise<number> {
  const seen = new Set<number>();
  for (const { signal, graceMs } of STEPS) {
    // Found anew each time: a process that is told to end may start another.
    for (const pid of await membersOf(tree)) seen.add(pid);
    const alive = [...seen].filter(isRunning);
    if (alive.length === 0) break;
    for (const pid of alive) send(pid, signal);
    const end = clock.monotonic() + graceMs;
    while (clock.monotonic() < end && alive.some(isRunning)) await pause(clock, POLL_MS);
  }
  return seen.size;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
    // A stopped process hears nothing until it goes on.
    if (signal !== 'SIGKILL') process.kill(pid, 'SIGCONT');
  } catch {
    // It is gone already.
  }
}
