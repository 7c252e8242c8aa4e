/** How a service starts this very Afield. */
import { readFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { thisProgram } from '../reach/background.ts';
import type { Home } from '../reach/home.ts';
import { findProgram } from './here.ts';
import type { ServiceManager, ServiceProgram } from './manager.ts';

/** Of the installer's environment, beside the settings of Afield, these matter to agents. */
const KEPT_VARIABLES = ['AFIELD_HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'LANG', 'LC_ALL', 'LC_CTYPE'];

/** Entries of PATH that are still there tomorrow. */
function lastingPath(env: NodeJS.ProcessEnv): string {
  const entries = (env.PATH ?? '').split(path.delimiter).filter((entry) => path.isAbsolute(entry) && !isPassing(entry));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these cannot stand in the file of a service
  return [...new Set(entries)].filter((entry) => !/[\x00-\x1f\x7f]/.test(entry)).join(path.delimiter);
}

/** What npx or somebody's trial put somewhere for a while. */
export function isPassing(place: string): boolean {
  const below = (folder: string) => place === folder || place.startsWith(`${folder.replace(/\/$/, '')}/`);
  return /\/_npx\/|\/node_modules\/\.bin$/.test(place) || below(tmpdir()) || below('/tmp') || below('/var/tmp');
}

export function programOf(home: Home, env: NodeJS.ProcessEnv = process.env): ServiceProgram {
  const { file, args } = thisProgram();
  // Settings that were given by variables hold for the service too.
  const given = Object.values(home.config.sources).filter((source) => /^AFIELD_[A-Z_]+$/.test(source));
  const names = [...new Set([...KEPT_VARIABLES, ...given])].filter((name) => (env[name] ?? '') !== '');
  return {
    argv: [file, ...args.map((arg, i) => (i === args.length - 2 ? path.resolve(arg) : arg))],
    env: { PATH: lastingPath(env), ...Object.fromEntries(names.map((name) => [name, env[name] as string])) },
    title: `Afield, the home server of ${home.config.machine_name}`,
    cwd: env.HOME || homedir(),
    log: home.files.log,
    notifies: findProgram('systemd-notify', env) !== null,
  };
}

/** The command that such a file starts, as it stands there. */
const commandIn = (text: string) => /^ExecStart=.*$|<key>ProgramArguments<\/key>[\s\S]*?<\/array>/m.exec(text)?.[0] ?? '';

/** True when the service that is installed starts another Afield than this one. */
export function startsAnother(home: Home, service: ServiceManager): boolean {
  return commandIn(written(service.file)) !== commandIn(service.describe(programOf(home)));
}

function written(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
