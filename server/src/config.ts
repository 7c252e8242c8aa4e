/** Settings: defaults ← config.yaml ← `AFIELD_*` ← flags. The only reader of environment and config file. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { AfieldError } from '@afield/shared/errors.ts';
import { explainIssues } from '@afield/shared/link/invalid.ts';
import * as z from 'zod/mini';
import { defaults, FILE_ONLY, publicSettings, type SettingName, type Settings, settings } from './config-settings.ts';

export type { SettingName } from './config-settings.ts';

export interface Config extends Settings {
  /** Folder of database, keys, token and recordings. */
  data_dir: string;
  /** Looked for there; need not exist. */
  config_file: string;
  /** Where each setting came from: `default`, a file, a variable or a flag. */
  sources: Record<SettingName, string>;
  /** What is odd but no fault. */
  warnings: string[];
}

/** Files in the data folder that the command line reads too. */
export interface DataFiles {
  database: string;
  /** Bearer token of the local command line, 0600. */
  token: string;
  /** Number of the running server's process. */
  pid: string;
  /** JSON of a running server: `ServerState`. */
  state: string;
  /** The door for this machine's command line, 0600. Where it really is stands in `ServerState`. */
  socket: string;
  keys: string;
  recordings: string;
  /** Sockets, and output that outlives the server until it is in a recording. */
  run: string;
  /** Machines reached by ssh: keys of hosts that a person confirmed, sockets of connections. */
  ssh: string;
  log: string;
}
export interface ServerState {
  pid: number;
  /** Tells this process from a later one with its number; null where the system does not say. */
  process: string | null;
  /** `starting`: has the data folder and answers nobody yet. `stopping`: lets nobody new in. */
  phase: 'starting' | 'ready' | 'stopping';
  /** What takes long while it starts, for a person; null when nothing does. */
  doing: string | null;
  /** Empty until it listens. */
  url: string;
  /** Unix socket with the same doors, for this machine's command line; null when there is none. */
  socket: string | null;
  version: string;
  started_at: string;
  /** What started it and sees to it: `systemd:afield.service`, `launchd:dev.afield.server`; null: a person or a command. */
  service: string | null;
}

export function dataFiles(data_dir: string): DataFiles {
  const at = (name: string) => path.join(data_dir, name);
  return {
    database: at('afield.db'),
    token: at('token'),
    pid: at('server.pid'),
    state: at('server.json'),
    socket: at('server.sock'),
    keys: at('keys'),
    recordings: at('recordings'),
    run: at('run'),
    ssh: at('ssh'),
    log: at('server.log'),
  };
}

/** Used by the house around the server, not by the server itself. */
const OTHER_VARIABLES = new Set([
  'AFIELD_HOME',
  'AFIELD_RELAY_PORT',
  'AFIELD_SESSION_ID',
  'AFIELD_SESSION',
  'AFIELD_HOME_ID',
  'AFIELD_SERVICE',
]);

export interface ConfigInput {
  env?: Readonly<Record<string, string | undefined>>;
  /** By setting name, as given on the command line. */
  flags?: Partial<Record<SettingName, unknown>>;
}

function folders(env: NonNullable<ConfigInput['env']>): { config: string; data: string } {
  const home = env.AFIELD_HOME;
  if (home !== undefined && home !== '') return { config: path.resolve(home), data: path.resolve(home) };
  const own = env.HOME ?? homedir();
  const xdg = (name: string, fallback: string) => {
    const given = env[name];
    // The XDG base directory specification says that relative paths are to be ignored.
    return given !== undefined && path.isAbsolute(given) ? given : path.join(own, fallback);
  };
  return {
    config: path.join(xdg('XDG_CONFIG_HOME', '.config'), 'afield'),
    data: path.join(xdg('XDG_DATA_HOME', '.local/share'), 'afield'),
  };
}

async function fromFile(file: string): Promise<Record<string, unknown>> {
  let source: string;
  try {
    source = readFileSync(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new AfieldError('bad_request', `${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
  // Loaded only when there is a file: most commands have none to read.
  const { parseYaml } = await import('./yaml.ts');
  const document = parseYaml(source);
  const fault = document.errors[0];
  if (fault !== undefined) {
    const [what = ''] = fault.message.split(/ at line \d+|\n/);
    throw new AfieldError('bad_request', `${file}, line ${fault.linePos?.[0].line ?? 1}: ${what}.`);
  }
  let value: unknown;
  try {
    // A handful of aliases at most, so that a few lines cannot grow into gigabytes.
    value = document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new AfieldError('bad_request', `${file}: ${(cause as Error).message}.`, { cause });
  }
  if (value === null || value === undefined) return {};
  if (typeof value !== 'object' || Array.isArray(value))
    throw new AfieldError('bad_request', `${file}: expected settings, one "name: value" a line.`);
  return value as Record<string, unknown>;
}

/** Errors: `bad_request` naming file and line, or where the setting came from, its name, and what is expected. */
export async function loadConfig({ env = process.env, flags = {} }: ConfigInput = {}): Promise<Config> {
  const { config, data } = folders(env);
  const file = path.join(config, 'config.yaml');
  const values = defaults(env);
  const sources = Object.fromEntries(Object.keys(settings).map((name) => [name, 'default'])) as Record<SettingName, string>;
  const warnings: string[] = [];
  const put = (name: string, value: unknown, source: string) => {
    if (!Object.hasOwn(settings, name)) {
      throw new AfieldError('bad_request', `${source}: unknown setting "${name}". Known: ${Object.keys(settings).join(', ')}.`);
    }
    values[name as SettingName] = value;
    sources[name as SettingName] = source;
  };

  for (const [name, value] of Object.entries(await fromFile(file))) put(name, value, file);
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith('AFIELD_') || value === undefined || value === '' || OTHER_VARIABLES.has(variable)) continue;
    const name = variable.slice('AFIELD_'.length).toLowerCase();
    if (Object.hasOwn(settings, name) && !FILE_ONLY.has(name)) put(name, value, variable);
    else warnings.push(`The variable ${variable} is no setting of Afield and does nothing.`);
  }
  for (const [name, value] of Object.entries(flags)) if (value !== undefined) put(name, value, `--${name.replaceAll('_', '-')}`);

  const parsed = Object.fromEntries(
    Object.entries(settings).map(([name, schema]) => [name, read(name as SettingName, schema, values, sources)]),
  ) as unknown as Settings;
  return { ...parsed, data_dir: data, config_file: file, sources, warnings };
}

function read(
  name: SettingName,
  schema: z.ZodMiniType,
  values: Record<SettingName, unknown>,
  sources: Record<SettingName, string>,
): unknown {
  const result = z.safeParse(schema, values[name], { reportInput: true });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  // Our own checks say what they expect; zod/mini says nothing.
  const what =
    issue?.code === 'custom'
      ? `${[name, ...issue.path].map(String).join('.')} is not right: ${issue.message}.`
      : explainIssues(
          result.error.issues.map((one) => ({ ...one, path: [name, ...one.path] })),
          name,
        );
  throw new AfieldError('bad_request', `${sources[name]}: ${what}`);
}

/** What `/config` shows. */
export function publicConfig(config: Config): { config: Record<string, unknown>; sources: Record<string, string> } {
  const { data_dir, config_file, sources } = config;
  return { config: { data_dir, config_file, ...publicSettings(config) }, sources };
}

/** The session in which this program was started, or null. */
export const surroundingSession = (env: NonNullable<ConfigInput['env']> = process.env): string | null => env.AFIELD_SESSION || null;

/** What a service manager tells a server that it started. */
export interface Supervision {
  /** As in `ServerState.service`. */
  service: string | null;
  /** Where systemd wants to hear that it is ready (sd_notify(3)); null: nobody asks. */
  notifySocket: string | null;
  /** It must be heard of this often, else it counts as hung; null: nobody waits. */
  watchdogMs: number | null;
}

export function supervision(env: NonNullable<ConfigInput['env']> = process.env): Supervision {
  const watchdog = Number(env.WATCHDOG_USEC ?? Number.NaN) / 1000;
  return {
    service: env.AFIELD_SERVICE || null,
    notifySocket: env.NOTIFY_SOCKET || null,
    watchdogMs: Number.isFinite(watchdog) && watchdog > 0 ? watchdog : null,
  };
}

/** What belongs to the session or service in which somebody happened to start a home server. */
const NOT_INHERITED = new Set(['AFIELD_SESSION', 'AFIELD_SERVICE', 'NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID', 'INVOCATION_ID']);

/** Environment for a home server that goes on by itself: it is no part of where it was started. */
export function independentEnv(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !NOT_INHERITED.has(name)));
}
