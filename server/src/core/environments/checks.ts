/** Whether an environment can be used, with a fix for what is wrong. */
import type { Check } from '@afield/shared/api/system.ts';
import type { ConfiguredEnvironment, EnvironmentDeps } from '../environment-ports.ts';
import type { Machine } from '../machine-ports.ts';
import type { Recipe } from '../ports.ts';
import type { SecretReader } from './secrets.ts';

export interface CheckInput {
  environment: ConfiguredEnvironment;
  /** Null: it is for any agent. */
  recipe: Recipe | null;
  machine: Machine | null;
  readSecret: SecretReader;
  reach: EnvironmentDeps['reach'];
}

/** On the home server itself; a session elsewhere looks for its program there. */
export async function checkEnvironment(input: CheckInput): Promise<Check[]> {
  const { environment, readSecret, reach } = input;
  const secrets = Object.entries(environment.secrets ?? {});
  return [
    ...(await program(input)),
    ...(environment.server_url === undefined ? [] : [await server(environment.server_url, reach)]),
    // One after the other: a keychain asks its person once at a time.
    ...(await inTurn(secrets, async ([variable, from]) => readable(variable, await failureOf(readSecret(from))))),
  ];
}

async function program({ environment, recipe, machine }: CheckInput): Promise<Check[]> {
  const wanted = environment.program ?? recipe?.program;
  if (wanted === undefined || machine === null) return [];
  const file = await machine.which(wanted);
  if (file === null) {
    const fix = environment.program === undefined ? recipe?.install : `Install it, or correct "program" in the config file.`;
    return [fault('program', `There is no program ${wanted} at home.`, fix ?? 'Install it.')];
  }
  const version = await machine.version(file, recipe?.versionArgs ?? ['--version']);
  return [fine('program', version === null ? `${file}, which tells no version` : `${file}: ${version}`)];
}

async function server(url: string, reach: EnvironmentDeps['reach']): Promise<Check> {
  const { ok, detail } = await reach(url);
  return ok ? fine('server', detail) : fault('server', detail, 'Start it, or correct "server_url" in the config file.');
}

const readable = (variable: string, failure: string | null): Check =>
  failure === null
    ? fine(variable, 'The secret can be read.')
    : fault(variable, failure, 'Put the secret there, or correct "secrets" in the config file.');

async function failureOf(work: Promise<unknown>): Promise<string | null> {
  try {
    await work;
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function inTurn<T>(items: readonly T[], look: (item: T) => Promise<Check>): Promise<Check[]> {
  const checks: Check[] = [];
  for (const item of items) checks.push(await look(item));
  return checks;
}

const fine = (name: string, detail: string): Check => ({ name, ok: true, level: 'ok', detail, fix: null });
const fault = (name: string, detail: string, fix: string): Check => ({ name, ok: false, level: 'fault', detail, fix });
