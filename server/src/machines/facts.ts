/** Who we are on a machine that is not this one, and what is where there. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { Host, HostResult } from '../core/machine-ports.ts';
import { childEnvironment, searchPath } from './environment.ts';
import { DIRECTORY, FACTS, FACTS_SEPARATOR, IS_PROGRAM, WHICH } from './scripts.ts';
import { versionLine } from './version-line.ts';

export interface Facts {
  home: string;
  shell: string;
  /** `Linux x86_64`. */
  system: string;
  uid: string;
  /** Of the user there; the home server's has nothing to do with it. */
  env: Readonly<Record<string, string>>;
  /** Where programs are looked for. */
  path: readonly string[];
}

type Run = (argv: readonly string[], options?: Parameters<Host['run']>[1]) => Promise<HostResult>;

/** A login shell's own files may start a lot. What they said by then counts. */
const FACTS_MS = 8_000;
const VERSION_MS = 5_000;
/** One question more than this at once waits: a machine is not flooded with programs, nor a line with channels. */
const AT_ONCE = 4;
/** A version is asked for anew after this. */
const VERSION_KEPT_MS = 5 * 60_000;

/** `login`: the environment as a login shell has it. Errors: machine_unreachable. */
export async function askFacts(machine: string, run: Run, login: boolean): Promise<Facts> {
  const { stdout, stderr } = await run(['sh', '-c', FACTS, 'afield', login ? 'login' : ''], { timeoutMs: FACTS_MS });
  const [own = '', environment = ''] = stdout.toString().split(FACTS_SEPARATOR);
  const told = pairs(own);
  const home = told.home ?? '';
  if (!home.startsWith('/')) {
    const why = stderr.trim() === '' ? 'it did not say where its home folder is.' : stderr.trim();
    throw new AfieldError('machine_unreachable', `${machine} does not run a shell: ${why} Try by hand whether "sh" starts there.`);
  }
  const env = pairs(environment);
  return {
    home,
    shell: told.shell ?? '/bin/sh',
    system: told.system ?? '',
    uid: told.id ?? '',
    env,
    path: searchPath(env.PATH ?? '', home),
  };
}

/** `name=value` lines; of a value over several lines the first. */
export function pairs(text: string): Record<string, string> {
  const found = text.split('\n').flatMap((line) => {
    const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(found);
}

export interface Lookups {
  which(program: string): Promise<string | null>;
  version(file: string, args: readonly string[]): Promise<string | null>;
  directory(path: string): Promise<string>;
  /** What is remembered may be old. */
  forget(): void;
}

/** As a `Machine` answers. `machine`: how it is called in messages. */
export function createLookups(machine: string, facts: () => Promise<Facts>, run: Run, now: () => number): Lookups {
  const versions = new Map<string, { line: string; at: number }>();
  const limited = limit(AT_ONCE);
  const ask = (script: string, ...parameters: string[]) => limited(() => run(['sh', '-c', script, 'afield', ...parameters]));
  return {
    async which(program) {
      const { path } = await facts();
      if (program.includes('\0')) return null;
      if (program.includes('/')) return program.startsWith('/') && (await ask(IS_PROGRAM, program)).code === 0 ? program : null;
      const { code, stdout } = await ask(WHICH, program, path.join(':'));
      return code === 0 ? stdout.toString() : null;
    },
    async version(file, args) {
      await facts();
      const key = JSON.stringify([file, args]);
      const known = versions.get(key);
      if (known !== undefined && now() - known.at < VERSION_KEPT_MS) return known.line;
      const { code, stdout, stderr } = await limited(() => run([file, ...args], { timeoutMs: VERSION_MS, maxBytes: 64 * 1024 }));
      const line = code === 0 ? versionLine(stdout.toString(), stderr) : null;
      if (line !== null) versions.set(key, { line, at: now() });
      return line;
    },
    async directory(given) {
      const { home } = await facts();
      const meant = given === '~' || given.startsWith('~/') ? home + given.slice(1) : given;
      if (!meant.startsWith('/') || meant.includes('\0')) {
        throw new AfieldError('cwd_missing', 'Give the directory as an absolute path, or one that begins with ~/.');
      }
      const { code, stdout } = await ask(DIRECTORY, meant);
      if (code === 0) return stdout.toString().replace(/\n$/, '');
      throw new AfieldError('cwd_missing', `There is no directory ${meant} on ${machine}. Make it first, or choose another.`);
    },
    forget: () => versions.clear(),
  };
}

/** What a child sees there: what its user's own login gives it, as far as it is allowed. */
export function environmentThere(facts: Facts, extra: Readonly<Record<string, string>>, pass: readonly string[], session_id?: string) {
  return childEnvironment(facts.env, facts.path, extra, pass, session_id);
}

/** Runs at most `most` at once, the others in turn. */
function limit(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
