/** Named environments of the config file. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { Environments } from './chat-service.ts';
import type { MachineBook } from './machine-ports.ts';
import type { RecipeBook } from './ports.ts';

/** An environment as it is written in the config file. */
export interface ConfiguredEnvironment {
  agent?: string | undefined;
  program?: string | undefined;
  server_url?: string | undefined;
  env?: Readonly<Record<string, string>> | undefined;
  secrets?: Readonly<Record<string, { file: string } | { keychain: string } | { variable: string }>> | undefined;
  production?: boolean | undefined;
}

export interface EnvironmentDeps {
  environments: Readonly<Record<string, ConfiguredEnvironment>>;
  recipes: RecipeBook;
  machines: MachineBook;
  /** Of the home server, for secrets that are there. */
  env: Readonly<Record<string, string | undefined>>;
  home: string;
}

export function createEnvironments(_deps: EnvironmentDeps): Environments {
  const unknown = (name: string): never => {
    throw new AfieldError('environment_unknown', `There is no environment called "${name}".`);
  };
  return { resolve: async (name) => unknown(name), list: () => [], check: async (name) => unknown(name) };
}
