/** The service of this machine, of this data folder. */
import { createHash } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { launchd } from './launchd.ts';
import type { ServiceManager } from './manager.ts';
import { systemd } from './systemd.ts';

export interface ServiceSettings {
  data_dir: string;
  log: string;
}

/** Absolute path of a program in PATH, or null. */
export function findProgram(name: string, env: NodeJS.ProcessEnv = process.env): string | null {
  for (const folder of (env.PATH ?? '').split(path.delimiter)) {
    if (!path.isAbsolute(folder)) continue;
    const file = path.join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // not here
    }
  }
  return null;
}

/** A data folder that AFIELD_HOME names has a service of its own, so that several home servers can run side by side. */
function baseName({ data_dir }: ServiceSettings, env: NodeJS.ProcessEnv): string {
  if (!env.AFIELD_HOME) return 'afield';
  return `afield-${createHash('sha256').update(data_dir).digest('hex').slice(0, 8)}`;
}

export const systemdHere = (settings: ServiceSettings, env: NodeJS.ProcessEnv = process.env): ServiceManager =>
  systemd({ base: baseName(settings, env), configHome: env.XDG_CONFIG_HOME || path.join(env.HOME || homedir(), '.config') });

export const launchdHere = (settings: ServiceSettings, env: NodeJS.ProcessEnv = process.env): ServiceManager =>
  launchd({ base: baseName(settings, env), home: env.HOME || homedir(), log: settings.log });

/** The manager that this machine has; null when it has none that we know. */
export function managerHere(settings: ServiceSettings, env: NodeJS.ProcessEnv = process.env): ServiceManager | null {
  if (process.platform === 'darwin') return launchdHere(settings, env);
  return process.platform === 'linux' && findProgram('systemctl', env) !== null ? systemdHere(settings, env) : null;
}
