/** The settings themselves: what each may be, and what it is when nobody says. */
import { homedir, hostname } from 'node:os';
import { environmentName } from '@afield/shared/api/environments.ts';
import * as z from 'zod/mini';
import { configAgent } from './config-agent.ts';
import { configEnvironment } from './config-environment.ts';
import { configBudgets, configPrices } from './config-usage.ts';
import { address, flag, port, sizeInBytes, text, words } from './config-values.ts';

export const DEFAULT_PORT = 4096;

/** Every setting: its schema, by the name it has in config.yaml. `AFIELD_` and the name in capitals is its variable. */
export const settings = {
  /** Address to listen on. */
  host: text(255),
  /** 0: any free one. */
  port,
  /** Relay that the home server dials, `wss://…`. */
  relay: z.nullable(address('wss:', 'ws:')),
  /** Where a phone opens the page. Default: the relay's host when it has TLS, else this server. */
  pwa_url: z.nullable(address('https:', 'http:')),
  /** Idle sockets kept at the relay. */
  spares: z.coerce.number().check(z.int(), z.gte(1), z.lte(8)),
  /** How this machine is called in lists. */
  machine_name: text(64),
  /** Where sessions start when nothing else is said. */
  work_dir: text(4096),
  /** More names that a Host header may have, for a proxy in front. */
  allowed_hosts: words,
  /** More origins that a page may have, `https://name[:port]`. */
  allowed_origins: words,
  /** Listen without TLS on an address that others reach. */
  insecure_bind: flag,
  /** Who answers for pushes (RFC 8292): `mailto:` or `https:`. */
  push_subject: z.nullable(address('mailto:', 'https:')),
  /** More hosts that push endpoints may have. */
  push_hosts: words,
  /** Folder of the built page. */
  pwa_dir: z.nullable(text(4096)),
  /** Largest request body in bytes, at most 8 MiB. */
  body_limit_bytes: z.coerce.number().check(z.int(), z.gte(1024), z.lte(8 * 1024 * 1024)),
  /** Days for which sessions that are over are kept; 0: for ever. */
  history_days: z.coerce.number().check(z.int(), z.gte(0), z.lte(36_500)),
  /** Bytes that recordings and database together may take, as a number or like `20 GiB`; 0: any number. */
  history_bytes: sizeInBytes,
  /** What sessions on this machine run in. `auto`: tmux where it is found. */
  runtime: z.enum(['auto', 'tmux', 'pty']),
  /** Directories, and what is in them, in which the question whether an agent may work there is answered with yes. */
  trust: words,
  /** Seconds of quiet after which it is found out why a session is quiet; 0: only when somebody asks. */
  probe_after_s: z.coerce.number().check(z.int(), z.gte(0), z.lte(86_400)),
  log_level: z.enum(['debug', 'info', 'warn', 'error', 'silent']),
  agents: z.record(z.string().check(z.regex(/^[a-z0-9][a-z0-9._-]{0,63}$/)), configAgent),
  /** USD for a million tokens, by model, for agents that tell tokens and no cost. */
  prices: configPrices,
  /** What a session, and all of them together a day, may cost in USD. */
  budgets: configBudgets,
  /** Named environments that a session may be started in. */
  environments: z.record(environmentName, configEnvironment),
};
export type Settings = { [K in keyof typeof settings]: z.output<(typeof settings)[K]> };
export type SettingName = keyof Settings;

export const defaults = (env: Readonly<Record<string, string | undefined>>): Record<SettingName, unknown> => ({
  host: '127.0.0.1',
  port: DEFAULT_PORT,
  relay: null,
  pwa_url: null,
  spares: 3,
  machine_name: hostname().slice(0, 64) || 'home',
  work_dir: env.HOME ?? homedir(),
  allowed_hosts: [],
  allowed_origins: [],
  insecure_bind: false,
  push_subject: null,
  push_hosts: [],
  pwa_dir: null,
  body_limit_bytes: 1024 * 1024,
  history_days: 90,
  history_bytes: 20 * 1024 ** 3,
  runtime: 'auto',
  trust: [],
  probe_after_s: 30,
  log_level: 'info',
  agents: {},
  prices: {},
  budgets: {},
  environments: {},
});

/** Too much for a variable or a flag. */
export const FILE_ONLY: ReadonlySet<string> = new Set<SettingName>(['agents', 'prices', 'budgets', 'environments']);

const redacted = <T extends { env?: Readonly<Record<string, string>> | undefined }>(parts: Readonly<Record<string, T>>) =>
  Object.fromEntries(
    Object.entries(parts).map(([name, part]) => [
      name,
      part.env === undefined ? part : { ...part, env: Object.fromEntries(Object.keys(part.env).map((key) => [key, '[redacted]'])) },
    ]),
  );

/** What may be shown of them. Values of variables for agents may be secrets and are left out. */
export function publicSettings(config: Settings): Record<SettingName, unknown> {
  const shown = Object.fromEntries((Object.keys(settings) as SettingName[]).map((name) => [name, config[name]]));
  return { ...shown, agents: redacted(config.agents), environments: redacted(config.environments) } as Record<SettingName, unknown>;
}
