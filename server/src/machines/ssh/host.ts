/** A machine that is reached by ssh, as runtimes see it: programs without a terminal, and files that grow. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { Follower, Host, HostResult } from '../../core/machine-ports.ts';
import { OWN_FOLDER } from '../scripts.ts';
import type { Channel } from './channel.ts';
import { lastLine, unreachable } from './faults.ts';
import type { SshLine } from './line.ts';
import { environmentLine, FOLLOW } from './scripts.ts';

const RUN_MS = 10_000;
const RUN_BYTES = 1024 * 1024;
/** Programs are found here until the machine has told more. */
const FIRST_PATH = '/usr/local/bin:/opt/homebrew/bin:/usr/bin:/bin:/usr/sbin:/sbin';
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Linux takes no longer word than 128 KiB, and the whole command is one word for ssh (execve(2), MAX_ARG_STRLEN). */
const MAX_COMMAND_BYTES = 100 * 1024;

export interface SshHostDeps {
  name: string;
  line: SshLine;
  /** Folders of programs; asks the machine first who we are. */
  path(): Promise<readonly string[]>;
  /** Absolute path of our folder there. */
  place(): Promise<string>;
  /** As `Host.login`. */
  login: readonly string[];
}

/** Programs on the line before the machine has told of itself: to ask for that very thing. */
export function runFirst(line: SshLine): Host['run'] {
  return async (argv, options = {}) => outcome(await open(line, FIRST_PATH, argv, options.env), line, options);
}

export function createSshHost({ name, line, path, place, login }: SshHostDeps): Host {
  let folder: Promise<string> | null = null;
  const start = async (argv: readonly string[], env?: Readonly<Record<string, string>>) => open(line, (await path()).join(':'), argv, env);
  const run: Host['run'] = async (argv, options = {}) => outcome(await start(argv, options.env), line, options);

  return {
    name,
    local: false,
    folder() {
      folder ??= ownFolder(name, run, place).catch((error: unknown) => {
        folder = null;
        throw error;
      });
      return folder;
    },
    run,
    open: (argv, { env } = {}) => start(argv, env),
    follow: (file, offset, on) => follow(start, file, offset, on),
    login: () => login,
    up: () => line.up(),
  };
}

async function open(line: SshLine, path: string, argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Channel> {
  if (argv.reduce((sum, word) => sum + Buffer.byteLength(word) + 3, 0) > MAX_COMMAND_BYTES) {
    throw new AfieldError('too_large', 'The command is too long for a machine that is reached by ssh. Give long text by a file.');
  }
  const bad = Object.entries(env).find(([key, value]) => !VARIABLE.test(key) || value.includes('\0'));
  if (bad !== undefined) throw new AfieldError('bad_request', `${bad[0]} cannot be a variable of the environment.`);
  return line.open(argv, path, Object.keys(env).length === 0 ? undefined : environmentLine(env));
}

function outcome(
  channel: Channel,
  line: SshLine,
  { input, timeoutMs = RUN_MS, maxBytes = RUN_BYTES }: NonNullable<Parameters<Host['run']>[1]>,
) {
  return new Promise<HostResult>((resolve, reject) => {
    const out: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(() => channel.kill(), timeoutMs);
    channel.onOutput = (bytes) => {
      size += bytes.length;
      if (size > maxBytes) channel.kill();
      else out.push(bytes);
    };
    channel.onClose = ({ code, detail }) => {
      clearTimeout(timer);
      if (channel.cut) reject(unreachable(line.name, 'the line was cut.'));
      else resolve({ code, stdout: Buffer.concat(out), stderr: detail });
    };
    if (input !== undefined) channel.write(input);
    channel.end();
  });
}

async function ownFolder(name: string, run: Host['run'], place: () => Promise<string>): Promise<string> {
  const meant = await place();
  const { code, stdout, stderr } = await run(['sh', '-c', OWN_FOLDER, 'afield', meant]);
  if (code === 0) return stdout.toString().replace(/\n$/, '');
  throw new AfieldError('machine_unreachable', `${meant} on ${name} cannot be used: ${lastLine(stderr)}`);
}

function follow(
  open: (argv: readonly string[]) => Promise<Channel>,
  file: string,
  offset: number,
  on: Parameters<Host['follow']>[2],
): Follower {
  let channel: Channel | null = null;
  let stopped = false;
  let held = false;
  const cut = (detail: string) => {
    if (stopped) return;
    stopped = true;
    on.cut(detail);
  };
  const begin = async () => {
    const opened = await open(['sh', '-c', FOLLOW, 'afield', file, String(offset + 1)]);
    if (stopped) return opened.drop();
    channel = opened;
    if (held) opened.pause();
    opened.onOutput = (bytes) => {
      if (!stopped) on.bytes(bytes);
    };
    opened.onClose = ({ detail }) => cut(lastLine(detail) || 'What reads the output there has ended.');
  };
  begin().catch((error: unknown) => cut(error instanceof Error ? error.message : String(error)));
  return {
    stop() {
      if (stopped) return;
      stopped = true;
      // The script there ends its reader when its input ends.
      channel?.drop();
    },
    pause() {
      held = true;
      channel?.pause();
    },
    resume() {
      held = false;
      channel?.resume();
    },
  };
}
