/** This very machine. */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Machine } from '../core/machine-ports.ts';
import { lookAround, reached } from './checks.ts';
import { childEnvironment, searchPath } from './environment.ts';
import { createLocalHost } from './local-host.ts';
import { watchProcesses } from './process-facts.ts';
import { versionLine } from './version-line.ts';

/** A program that does not tell its version by then has none. */
const VERSION_MS = 3_000;
const VERSION_BYTES = 64 * 1024;

export interface LocalMachineOptions {
  /** The server's own environment; children see only what is allowed. */
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  /** Folder for sockets and spools. */
  folder: string;
}

export function createLocalMachine({ env, home, folder }: LocalMachineOptions): Machine {
  const path = searchPath(env.PATH ?? '', home, env.npm_package_json);
  const versions = new Map<string, string>();
  const host = createLocalHost({ folder, env: childEnvironment(env, path, {}, []) });

  return {
    name: 'local',
    kind: 'local',
    ssh: null,
    prefix: null,
    created_at: null,
    line: { state: 'up', detail: null, since: null },
    host,
    wrap: (command) => command,
    processes: (session, sample_ms) => watchProcesses(host.run, session, sample_ms),
    async checks() {
      const found = await lookAround(host.run, folder, { needed: false, shell: env.SHELL ?? '/bin/sh' });
      return [reached(true, 'the home server itself'), ...found];
    },
    close: async () => {},

    async which(program) {
      if (program.includes('/')) return (await isProgram(program)) && isAbsolute(program) ? program : null;
      for (const folder of path) {
        const file = join(folder, program);
        if (await isProgram(file)) return file;
      }
      return null;
    },

    async version(file, args) {
      const changed = (await stat(file).catch(() => null))?.mtimeMs ?? 0;
      const key = JSON.stringify([file, args, changed]);
      const known = versions.get(key);
      if (known !== undefined) return known;
      const found = await askVersion(file, args, childEnvironment(env, path, {}, []), home);
      // Asked again when it told nothing, or when the file is another one.
      if (found !== null) versions.set(key, found);
      return found;
    },

    async directory(given) {
      const meant = given === '~' || given.startsWith('~/') ? join(home, given.slice(1)) : given;
      if (!isAbsolute(meant) || meant.includes('\0')) {
        throw new AfieldError('cwd_missing', 'Give the directory as an absolute path, or one that begins with ~/.');
      }
      const real = await realpath(meant).catch(() => null);
      if (real !== null && (await stat(real)).isDirectory()) return real;
      throw new AfieldError('cwd_missing', `There is no directory ${meant} on this machine. Make it first, or choose another.`);
    },

    environment: (session, extra, pass = []) => childEnvironment(env, path, extra, pass, session.id),
  };
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    // Not there, or not ours to run.
    return false;
  }
}

/** The first line with a digit in it, printable; null when there is none in time. */
function askVersion(file: string, args: readonly string[], env: Record<string, string>, cwd: string): Promise<string | null> {
  const options = { env, cwd, timeout: VERSION_MS, killSignal: 'SIGKILL' as const, maxBuffer: VERSION_BYTES, windowsHide: true };
  return new Promise((resolve) => {
    const child = execFile(file, [...args], options, (error, stdout, stderr) => {
      resolve(error === null ? versionLine(stdout, stderr) : null);
    });
    // One that waits for input would hold us for the whole time.
    child.stdin?.end();
  });
}
