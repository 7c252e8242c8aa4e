/** Runs the programs of a service manager: bounded in time, and never a shell. */
import { execFile } from 'node:child_process';

const RUN_MS = 20_000;
const MAX_BYTES = 256 * 1024;

export interface Ran {
  /** Null: not found, ended by a signal, or not in time. */
  code: number | null;
  out: string;
  /** What it said went wrong, in one line. */
  fault: string;
}

/** `signal`: nobody waits for it any longer. */
export function runProgram(file: string, args: readonly string[], timeoutMs = RUN_MS, signal?: AbortSignal): Promise<Ran> {
  return new Promise((resolve) => {
    const options = {
      timeout: timeoutMs,
      maxBuffer: MAX_BYTES,
      killSignal: 'SIGKILL',
      ...(signal === undefined ? {} : { signal }),
    } as const;
    execFile(file, [...args], options, (error, out, err) => {
      if (error === null) {
        resolve({ code: 0, out, fault: '' });
        return;
      }
      const late = error.killed === true ? `${file} did not come back within ${timeoutMs / 1000} s` : '';
      const missing = error.code === 'ENOENT' ? `${file} is not installed` : '';
      const said = err.trim().split('\n').at(-1) ?? '';
      resolve({ code: typeof error.code === 'number' ? error.code : null, out, fault: missing || late || said || error.message });
    });
  });
}
