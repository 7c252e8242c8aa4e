/** Environments as the config file has them, and what they need. */
import type { MachineBook } from './machine-ports.ts';
import type { RecipeBook } from './ports.ts';

/** Where a secret is: one of the three. */
export interface ConfiguredSecret {
  /** Absolute, or `~/…`. */
  file?: string | undefined;
  /** Name of an entry. */
  keychain?: string | undefined;
  /** Of the home server. */
  variable?: string | undefined;
}

/** An environment as it is written in the config file. */
export interface ConfiguredEnvironment {
  agent?: string | undefined;
  program?: string | undefined;
  server_url?: string | undefined;
  env?: Readonly<Record<string, string>> | undefined;
  secrets?: Readonly<Record<string, ConfiguredSecret>> | undefined;
  production?: boolean | undefined;
}

export interface EnvironmentDeps {
  environments: Readonly<Record<string, ConfiguredEnvironment>>;
  recipes: RecipeBook;
  machines: MachineBook;
  /** Of the home server, for secrets that are there. */
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  /** The text of a file that only we may read; null: there is none. Errors: unavailable, with what to do. */
  readSecretFile(file: string): string | null;
  /** Whether anything answers there, in words for a person. Sends nothing secret. */
  reach(url: string): Promise<{ ok: boolean; detail: string }>;
  /** Default: this one. Decides which keychain is asked. */
  platform?: NodeJS.Platform;
}
