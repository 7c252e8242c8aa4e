import type { Recipe } from '../core/ports.ts';
import { TERMINAL_AGENT } from './defaults.ts';

/** An agent of the config file, as it is written there. */
export interface ConfiguredAgent {
  /** Program, then the arguments of every start. */
  command: readonly string[];
  title?: string | undefined;
  version_args?: readonly string[] | undefined;
  install?: string | undefined;
  pass_env?: readonly string[] | undefined;
  env?: Readonly<Record<string, string>> | undefined;
  quiet_ms?: number | undefined;
}

/** A name of our own keeps what we know about reading that agent; only what is written replaces it. */
export function configured(name: string, agent: ConfiguredAgent, builtin: Recipe | null): Recipe {
  const [program = name, ...args] = agent.command;
  const base: Recipe = builtin ?? { ...TERMINAL_AGENT, name, title: name, program, install: null };
  return {
    ...base,
    name,
    program,
    args,
    source: 'config',
    ...(agent.title === undefined ? {} : { title: agent.title }),
    ...(agent.version_args === undefined ? {} : { versionArgs: agent.version_args }),
    ...(agent.install === undefined ? {} : { install: agent.install }),
    ...(agent.env === undefined ? {} : { env: agent.env }),
    ...(agent.quiet_ms === undefined ? {} : { quietMs: agent.quiet_ms }),
    passEnv: [...base.passEnv, ...(agent.pass_env ?? [])],
  };
}
