/** What runs on this machine, as far as it can be read. */
import { readdir, readFile } from 'node:fs/promises';

export interface RunningProgram {
  pid: number;
  /** Its environment, a variable each. */
  env: string[];
  /** Its program and arguments, with blanks between them. */
  args: string;
}

export async function runningPrograms(): Promise<RunningProgram[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  // one that has just ended, or is not ours, is read as nothing
  const read = (pid: string, file: string) => readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '');
  const all = await Promise.all(
    pids.map(async (pid) => ({
      pid: Number(pid),
      env: (await read(pid, 'environ')).split('\0'),
      args: (await read(pid, 'cmdline')).replaceAll('\0', ' '),
    })),
  );
  return all.filter(({ args }) => args !== '');
}

/** What runs with one of these variables, given as `NAME=value`. */
export async function programsWith(...variables: string[]): Promise<RunningProgram[]> {
  return (await runningPrograms()).filter(({ env }) => variables.some((one) => env.includes(one)));
}
