/** Whether a process runs, and whether it is still the one that was meant: numbers of processes are given again. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** proc_pid_stat(5), counted from the field after the name: the state, and the start in ticks since boot. */
const STATE_FIELD = 0;
const START_FIELD = 19;
const PS_MS = 3_000;

/** Fields after the name, which is in parentheses and may hold any character; null without such a process, or without /proc. */
function statOf(pid: number): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

/** True while a process with this number runs, of whomever it is. One that has ended and was not yet waited for does not run. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return !/^[ZX]$/.test(statOf(pid)?.[STATE_FIELD] ?? '');
}

/** True for a process that a signal (SIGSTOP, Ctrl-Z, a debugger) holds: it lives and does nothing. */
export const isHeld = (pid: number): boolean => /^[Tt]$/.test(statOf(pid)?.[STATE_FIELD] ?? '');

/** Tells a process from every other that has or had its number; null when there is none, or the system does not tell. */
export function processIdentity(pid: number): string | null {
  if (process.platform === 'linux') {
    const started = statOf(pid)?.[START_FIELD];
    return started === undefined ? null : `${bootId()}:${started}`;
  }
  if (process.platform === 'win32') return null;
  try {
    return (
      execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { timeout: PS_MS, stdio: ['ignore', 'pipe', 'ignore'] })
        .toString()
        .trim() || null
    );
  } catch {
    return null;
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
