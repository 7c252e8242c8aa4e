/** Looks at the processes of this machine: from /proc on Linux, through `ps` elsewhere. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { AfieldError } from '@afield/shared/errors.ts';

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

/** Files of /proc that are read at the same time: as many as libuv has threads. Each takes a descriptor, of which there may be few. */
const AT_ONCE = 4;
const NO_DESCRIPTOR = new Set(['EMFILE', 'ENFILE']);
/** Without a descriptor it is tried again: whoever has them reads for a moment only. */
const TRIES = 20;
const TRY_AGAIN_MS = 25;
const BLIND =
  'The home server has too many files open to look for processes. Try again in a moment, or start it with a higher limit (ulimit -n).';
const MAX_COMMAND = 200;
const linux = process.platform === 'linux';

/** Everything that runs, zombies left out. */
export async function listProcesses(): Promise<ProcessInfo[]> {
  const all = linux ? await fromProc() : await fromPs();
  return all.filter((info) => !info.zombie);
}

/** Null when there is no such process, or when nobody can tell (not Linux, no descriptor is left). */
export function lookAt(pid: number): ProcessInfo | null {
  return lookedAt(pid).info;
}

function lookedAt(pid: number): { info: ProcessInfo | null; sure: boolean } {
  if (!linux) return { info: null, sure: false };
  try {
    return { info: parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1')), sure: true };
  } catch (error) {
    return { info: null, sure: !hasNoDescriptor(error) };
  }
}

const hasNoDescriptor = (error: unknown): boolean => NO_DESCRIPTOR.has((error as NodeJS.ErrnoException).code ?? '');

export function isRunning(pid: number): boolean {
  const { info, sure } = lookedAt(pid);
  if (sure) return info !== null && !info.zombie;
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

/** Errors: unavailable. */
async function eachProcess<T>(look: (pid: number) => Promise<T | null>): Promise<T[]> {
  const pids = (await withDescriptor(() => readdir('/proc'))).filter((name) => /^\d+$/.test(name)).map(Number);
  const found: T[] = [];
  for (let at = 0; at < pids.length; at += AT_ONCE) {
    // One that ended meanwhile, or belongs to somebody else, is no find; one that cannot be looked at may be.
    const looking = pids.slice(at, at + AT_ONCE).map((pid) =>
      withDescriptor(() => look(pid)).catch((error: unknown) => {
        if (error instanceof AfieldError) throw error;
        return null;
      }),
    );
    for (const one of await Promise.all(looking)) if (one !== null) found.push(one);
  }
  return found;
}

/** Reads, again and again while no descriptor is left. Errors: unavailable, and those of the reading. */
async function withDescriptor<T>(read: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await read();
    } catch (error) {
      if (!hasNoDescriptor(error)) throw error;
      if (tries === TRIES) throw new AfieldError('unavailable', BLIND, { cause: error });
      await sleep(TRY_AGAIN_MS);
    }
  }
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
