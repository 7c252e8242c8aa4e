/** Reads the secrets of an environment, at the moment they are needed and never before. */
import { join } from 'node:path';
import { LOCAL_MACHINE } from '@afield/shared/api/base.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { ConfiguredSecret, EnvironmentDeps } from '../environment-ports.ts';
import type { Host } from '../machine-ports.ts';

export type SecretReader = (from: ConfiguredSecret) => Promise<string>;

/** As much as a variable of a session may hold. */
const MAX_CHARACTERS = 32_768;
/** A keychain may ask its person first. */
const KEYCHAIN_MS = 30_000;

export const kindOf = ({ file, keychain }: ConfiguredSecret): 'file' | 'keychain' | 'variable' =>
  file !== undefined ? 'file' : keychain !== undefined ? 'keychain' : 'variable';

/** Errors: unavailable with what to do. No message ever holds a value. */
export function createSecretReader(deps: Omit<EnvironmentDeps, 'environments' | 'recipes' | 'reach'>): SecretReader {
  const platform = deps.platform ?? process.platform;
  return async ({ file, keychain, variable }) => {
    if (file !== undefined) return usable(fromFile(deps, file), file);
    if (keychain !== undefined) return usable(await fromKeychain(hostOf(deps), platform, keychain), `The entry "${keychain}"`);
    const value = variable === undefined ? undefined : deps.env[variable];
    if (value === undefined) throw no(`The home server has no variable ${variable}. Set it where the home server is started.`);
    return usable(value, `The variable ${variable}`);
  };
}

function fromFile({ home, readSecretFile }: Pick<EnvironmentDeps, 'home' | 'readSecretFile'>, file: string): string {
  const path = file.startsWith('~/') ? join(home, file.slice(2)) : file;
  const text = readSecretFile(path);
  if (text !== null) return text;
  throw no(`There is no file ${path}. Write the secret into it, and: chmod 600 '${path}'`);
}

/** How each keychain is asked and filled. The entry's name stands in an argument list, its value never. */
const KEYCHAINS: Partial<Record<NodeJS.Platform, { ask(name: string): string[]; fill(name: string): string }>> = {
  linux: {
    ask: (name) => ['secret-tool', 'lookup', 'service', name],
    fill: (name) => `secret-tool store --label='${name}' service '${name}'`,
  },
  darwin: {
    ask: (name) => ['security', 'find-generic-password', '-w', '-s', name],
    fill: (name) => `security add-generic-password -a "$USER" -s '${name}' -w`,
  },
};

async function fromKeychain(host: Host, platform: NodeJS.Platform, name: string): Promise<string> {
  const keychain = KEYCHAINS[platform];
  if (keychain === undefined) throw no(`Afield knows no keychain on ${platform}. Put the secret into a file instead.`);
  const [program = '', ...args] = keychain.ask(name);
  const { code, stdout } = await host.run([program, ...args], { timeoutMs: KEYCHAIN_MS, maxBytes: 4 * MAX_CHARACTERS });
  if (code === 0 && stdout.length > 0) return stdout.toString('utf8');
  if (code === 127) throw no(`There is no program ${program} here, which asks the keychain. Install it, or put the secret into a file.`);
  if (code === null) throw no('The keychain did not answer in time. Unlock it.');
  throw no(`The keychain has no entry "${name}", or is locked. To make it: ${keychain.fill(name)}`);
}

function hostOf({ machines }: Pick<EnvironmentDeps, 'machines'>): Host {
  const local = machines.get(LOCAL_MACHINE);
  if (local === null) throw no('The home server itself is no machine now.');
  return local.host;
}

/** A line break at the end belongs to the file, not to the secret. */
function usable(text: string, where: string): string {
  const value = text.replace(/\r?\n$/, '');
  if (value === '') throw no(`${where} is empty.`);
  if (value.includes('\0') || value.length > MAX_CHARACTERS) throw no(`${where} holds something that no variable can hold.`);
  return value;
}

const no = (detail: string) => new AfieldError('unavailable', detail);
