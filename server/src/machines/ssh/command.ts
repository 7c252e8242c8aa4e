/** How OpenSSH is called. The user's own configuration is honoured (aliases, keys, jump hosts) but for what is fixed here. */
import { join } from 'node:path';
import type { SshTarget } from '@afield/shared/api/machines.ts';
import { AfieldError } from '@afield/shared/errors.ts';

export interface SshSetup {
  /** Environment and home of the user whom the home server works for. */
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  /** Keys of hosts that a person confirmed. */
  knownHosts: string;
  /** Instead of the user's own `~/.ssh/config`. */
  configFile?: string | undefined;
}

/** A name that could be taken for an option never comes this far; the contract says the same (shared/api/machines.ts). */
const NAME = /^[A-Za-z0-9_][^\s\0]*$/;

/** What ssh needs of our environment: the agent, and where helpers are found. No locale, or `SendEnv` would pass it on. */
const VISIBLE = ['HOME', 'USER', 'LOGNAME', 'PATH', 'SSH_AUTH_SOCK', 'XDG_RUNTIME_DIR', 'KRB5CCNAME'];

/** Nobody is there to answer a question, nothing of ours is to be reached from there, and nothing is run here but ssh. */
const FIXED = [
  // Options that an older ssh does not know.
  'IgnoreUnknown=ForkAfterAuthentication,KnownHostsCommand,SessionType,StdinNull,UpdateHostKeys',
  'BatchMode=yes',
  'CheckHostIP=no',
  'ClearAllForwardings=yes',
  'ConnectTimeout=10',
  'EscapeChar=none',
  'ForkAfterAuthentication=no',
  'ForwardAgent=no',
  'ForwardX11=no',
  'HashKnownHosts=no',
  'LogLevel=INFO',
  'PermitLocalCommand=no',
  'RemoteCommand=none',
  'RequestTTY=no',
  'ServerAliveCountMax=3',
  'ServerAliveInterval=10',
  'SessionType=default',
  'StdinNull=no',
  'TCPKeepAlive=yes',
  'Tunnel=no',
  'UpdateHostKeys=no',
];

export function sshEnvironment({ env }: SshSetup): Record<string, string> {
  return Object.fromEntries(VISIBLE.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}

/** One connection that carries many programs. `known`: the user's own lists of known hosts, as ssh writes them. */
export function connectArgv(
  setup: SshSetup,
  target: SshTarget,
  { known, socket }: { known: string; socket: string },
  command: string,
): string[] {
  const own = ['StrictHostKeyChecking=yes', `UserKnownHostsFile=${quoted(setup.knownHosts)} ${known}`.trim()];
  const mux = ['ControlMaster=yes', `ControlPath=${literal(socket)}`, 'ControlPersist=no'];
  return ['-T', ...options([...FIXED, ...own, ...mux]), ...where(setup, target), command];
}

/** What a person types at home before a command line that is to run there in a terminal. */
export function loginArgv({ host, port, user, identity_file }: SshTarget): string[] {
  const option = (letter: string, value: string | number | null) => (value === null ? [] : [letter, String(value)]);
  return ['ssh', '-t', ...option('-p', port), ...option('-l', user), ...option('-i', identity_file), host];
}

/** Writes the key that a host shows into a file, and logs in nowhere. The way there (a jump host) is the user's own. */
export function lookArgv(setup: SshSetup, target: SshTarget, file: string): string[] {
  const own = ['StrictHostKeyChecking=accept-new', `UserKnownHostsFile=${quoted(file)}`, 'GlobalKnownHostsFile=/dev/null'];
  const apart = ['PreferredAuthentications=none', 'ControlMaster=no', 'ControlPath=none', 'VerifyHostKeyDNS=no', 'KnownHostsCommand=none'];
  return ['-T', ...options([...FIXED, ...own, ...apart]), ...where(setup, target), 'exit'];
}

/** A program over a connection that stands. Without one it ends at once, instead of dialling by itself. */
export function channelArgv(socket: string, command: string): string[] {
  const own = ['BatchMode=yes', 'ControlMaster=no', `ControlPath=${literal(socket)}`, 'ProxyCommand=false', 'EscapeChar=none'];
  return ['-F', 'none', '-T', ...options(own), '--', 'afield', command];
}

/** Where `ssh` itself says what it would do: name and port of a host in the list of known ones. */
export function explainArgv(setup: SshSetup, target: SshTarget): string[] {
  return ['-G', ...where(setup, target)];
}

function where(setup: SshSetup, { host, port, user, identity_file }: SshTarget): string[] {
  if (!NAME.test(host) || (user !== null && !NAME.test(user))) {
    throw new AfieldError('bad_request', 'This is not the name of a host or a user. Names begin with a letter or a digit.');
  }
  return [
    ...(setup.configFile === undefined ? [] : ['-F', setup.configFile]),
    ...(port === null ? [] : ['-p', String(port)]),
    ...(user === null ? [] : ['-l', user]),
    ...(identity_file === null ? [] : ['-o', `IdentityFile=${quoted(identityPath(setup, identity_file))}`, '-o', 'IdentitiesOnly=yes']),
    '--',
    host,
  ];
}

export function identityPath({ home }: SshSetup, given: string): string {
  return given.startsWith('~/') ? join(home, given.slice(2)) : given;
}

const options = (all: readonly string[]): string[] => all.flatMap((option) => ['-o', option]);

/** ssh_config(5): `%` introduces a token. */
const literal = (path: string) => path.replaceAll('%', '%%');
/** ssh_config(5): arguments with spaces stand in double quotes. */
const quoted = (path: string) => `"${literal(path).replace(/["\\]/g, '\\$&')}"`;
