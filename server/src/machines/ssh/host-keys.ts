/** Keys of hosts: what a host shows, and the list of those that a person confirmed. */
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { SshTarget } from '@afield/shared/api/machines.ts';
import { createLocalHost } from '../local-host.ts';
import { explainArgv, lookArgv, type SshSetup, sshEnvironment } from './command.ts';
import { faultOf } from './faults.ts';

/** As a host showed it to ssh, under the name by which ssh will look for it again (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export interface HostKey {
  name: string;
  type: string;
  blob: string;
  /** `SHA256:…`, as ssh prints it. */
  fingerprint: string;
}

const LOOK_MS = 20_000;

/** The key that a host shows now. Nothing is sent there but what an exchange of keys needs. Errors: machine_unreachable, … as ssh says. */
export async function shownKey(setup: SshSetup, target: SshTarget, machine: string): Promise<HostKey> {
  const folder = await mkdtemp(join(tmpdir(), 'afield-key-'));
  try {
    const file = join(folder, 'known_hosts');
    const said = await ssh(setup, lookArgv(setup, target, file));
    const line = (await readFile(file, 'utf8').catch(() => '')).split('\n').find((one) => one.trim() !== '');
    const [name, type, blob] = line?.split(' ') ?? [];
    if (name === undefined || type === undefined || blob === undefined) throw faultOf(machine, said.stderr);
    return { name, type, blob, fingerprint: fingerprintOf(blob) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const fingerprintOf = (blob: string) =>
  `SHA256:${createHash('sha256').update(Buffer.from(blob, 'base64')).digest('base64').replace(/=+$/, '')}`;

/** From now on this is the one key of that host. */
export function trustKey(file: string, { name, type, blob }: HostKey): void {
  const before = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  const others = before.filter((line) => line.trim() !== '' && line.split(' ')[0] !== name);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // Written beside and moved, so that nobody ever reads half a list.
  writeFileSync(`${file}.new`, `${[...others, `${name} ${type} ${blob}`].join('\n')}\n`, { mode: 0o600 });
  chmodSync(`${file}.new`, 0o600);
  renameSync(`${file}.new`, file);
}

/** The user's own lists of known hosts, for this host; as ssh writes them. */
export async function knownFiles(setup: SshSetup, target: SshTarget): Promise<string> {
  const { stdout } = await ssh(setup, explainArgv(setup, target));
  const files = /^userknownhostsfile (.*)$/m.exec(stdout.toString())?.[1]?.trim();
  return files === undefined ? '~/.ssh/known_hosts' : files === 'none' ? '' : files;
}

/** True when one of the lists has any key for this name. */
export async function hasKey(setup: SshSetup, name: string, files: readonly string[]): Promise<boolean> {
  const { run } = createLocalHost({ folder: setup.home, env: sshEnvironment(setup) });
  const found = await Promise.all(files.filter(existsSync).map((file) => run(['ssh-keygen', '-F', name, '-f', file])));
  return found.some(({ code }) => code === 0);
}

/** `OpenSSH_9.2p1`; empty when it does not say. */
export async function sshVersion(setup: SshSetup): Promise<string> {
  return (await ssh(setup, ['-V'])).stderr.split(',')[0]?.trim() ?? '';
}

function ssh(setup: SshSetup, argv: readonly string[]) {
  return createLocalHost({ folder: setup.home, env: sshEnvironment(setup) }).run(['ssh', ...argv], { timeoutMs: LOOK_MS });
}
