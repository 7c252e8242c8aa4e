/** Starts a program with pipes, so that whatever keeps it from starting is heard by the caller and never ends this server. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { AfieldError } from '@afield/shared/errors.ts';

/** What this process or the machine has no more of, rather than what is wrong with the program. */
const SCARCE: Readonly<Record<string, string>> = {
  EMFILE: 'this home server has as many files open as it may. Stop a session, or start it with a higher limit (ulimit -n)',
  ENFILE: 'too many files are open on this machine. End some programs',
  EAGAIN: 'there may be no more processes on this machine (ulimit -u). End some programs',
  ENOMEM: 'the memory of this machine is used up. End some programs',
};

/**
 * In a group of its own, so that a timeout ends what it started too, and Ctrl-C at our terminal does not. Errors: machine_unreachable when
 * there is no room for another program; of anything else `error` tells.
 */
export function launch(file: string, args: readonly string[], env: Readonly<Record<string, string>>): ChildProcessWithoutNullStreams {
  try {
    const child = spawn(file, args, { env: { ...env }, detached: true, stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true });
    // Without a descriptor left, Node makes no pipes, and its `error` comes when nobody could listen (child_process.js, spawn).
    if (child.stdout !== undefined) return child;
    child.on('error', () => {});
  } catch (cause) {
    throw scarcity(file, cause) ?? cause;
  }
  throw noRoom(file, SCARCE.EMFILE as string);
}

/** To a program that `launch` started, and to all that it started itself. Whoever knows that it is gone does not call this. */
export function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It is gone already.
  }
}

/** What an `error` of a program means when it is not the program's fault; else null. */
export function scarcity(file: string, cause: unknown): AfieldError | null {
  const why = SCARCE[(cause as NodeJS.ErrnoException).code ?? ''];
  return why === undefined ? null : noRoom(file, why, cause);
}

function noRoom(file: string, why: string, cause?: unknown): AfieldError {
  return new AfieldError('machine_unreachable', `${file} could not be started: ${why}, then try again.`, { cause });
}
