/** Looks at the processes of this machine: from /proc on Linux, through `ps` elsewhere. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

export interface ProcessInfo {
  pid: number;
  parent: number;
  group: number;
  session: number;
  /** Foreground process group of its terminal; -1 without one. */
  foreground: number;
  /** Dead, only not yet collected by its parent. */
  zombie: boolean;
}

/** Files of /proc that are read at the same time. */
const AT_ONCE = 32;
const MAX_COMMAND = 200;
const linux = process.platform === 'linux';

/** Everything that runs, zombies left out. */
export async function listProcesses(): Promise<ProcessInfo[]> {
  const all = linux ? await fromProc() : await fromPs();
  return all.filter((info) => !info.zombie);
}

/** Null when there is no such process, or when nobody can tell (not Linux). */
export function lookAt(pid: number): ProcessInfo | null {
  if (!linux) return null;
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    // It is gone.
    return null;
  }
}

export function isRunning(pid: number): boolean {
  if (linux) {
    const info = lookAt(pid);
    return info !== null && !info.zombie;
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Processes whose environment holds one of these `NAME=value`; only those of our own user can be read. Empty where there is no /proc. */
export async function markedWith(entries: readonly string[]): Promise<number[]> {
  if (!linux || entries.length === 0) return [];
  const wanted = entries.map((entry) => `\0${entry}\0`);
  const found = await eachProcess(async (pid) => {
    const environment = `\0${await readFile(`/proc/${pid}/environ`, 'latin1')}\0`;
    return wanted.some((entry) => environment.includes(entry)) && isRunning(pid) ? pid : null;
  });
  return found.filter((pid) => pid !== process.pid);
}

/** The value of a variable in the environment that a process was started with; null when it has none, or is gone. */
export function markOf(pid: number, name: string): string | null {
  const entries = contentsOf(`/proc/${pid}/environ`).split('\0');
  return entries.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1) ?? null;
}

/** How a process was called, as one short line. */
export function commandOf(pid: number): string {
  return contentsOf(`/proc/${pid}/cmdline`)
    .replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .trim()
    .slice(0, MAX_COMMAND);
}

function contentsOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It is gone, or somebody else's.
    return '';
  }
}

/** The command in brackets may hold spaces and brackets itself (proc(5)). */
function parseStat(stat: string): ProcessInfo {
  const [state, ...numbers] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [parent = 0, group = 0, session = 0, , foreground = -1] = numbers.map(Number);
  return { pid: Number.parseInt(stat, 10), parent, group, session, foreground, zombie: state === 'Z' || state === 'X' };
}

function fromProc(): Promise<ProcessInfo[]> {
  return eachProcess(async (pid) => parseStat(await readFile(`/proc/${pid}/stat`, 'latin1')));
}

async function eachProcess<T>(look: (pid: number) => Promise<T | null>): Promise<T[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found: T[] = [];
  for (let at = 0; at < pids.length; at += AT_ONCE) {
    // One that ended meanwhile, or belongs to somebody else, is no find.
    const some = await Promise.allSettled(pids.slice(at, at + AT_ONCE).map(look));
    for (const result of some) if (result.status === 'fulfilled' && result.value !== null) found.push(result.value);
  }
  return found;
}

async function fromPs(): Promise<ProcessInfo[]> {
  const { stdout } = await promisify(execFile)('ps', ['-axo', 'pid=,ppid=,pgid=,tpgid=,stat='], { maxBuffer: 8 * 1024 * 1024 });
  return stdout.split('\n').flatMap((line) => {
    const [pid, parent, group, foreground, state] = line.trim().split(/\s+/);
    if (pid === undefined || pid === '' || state === undefined) return [];
    // `ps` does not tell the session there; the group stands for it.
    const numbers = {
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
      session: Number(group),
      foreground: Number(foreground),
    };
    return [{ ...numbers, zombie: state.startsWith('Z') }];
  });
}
