/** Lets the Codex of a terminal be heard: its terminal attaches to an app-server of its own, which listens on a socket of the session. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from '../../core/machine-ports.ts';
import { firstWord, hasOption } from '../first-word.ts';

/**
 * Constant; `$1` is the socket, `$2` the program, `$3` how many of the arguments are the app-server's, `$4` how many the terminal that
 * attaches to it does not get. The app-server ends with the terminal, and the terminal's code is the code of both. Without an app-server the
 * terminal goes its own way, with all of them.
 */
export const WITH_SERVER = `
socket=$1 program=$2 count=$3 less=$4; shift 4
rm -f -- "$socket"
(
  total=$# at=0
  for one; do [ "$at" -lt "$count" ] && set -- "$@" "$one"; at=$((at + 1)); done
  shift "$total"
  exec "$program" app-server "$@" --listen "unix://$socket"
) </dev/null >/dev/null 2>&1 & server=$!
tries=0
while ! [ -S "$socket" ] && kill -0 "$server" 2>/dev/null && [ "$tries" -lt 200 ]; do
  sleep 0.1 2>/dev/null || sleep 1; tries=$((tries + 1))
done
if [ -S "$socket" ]; then shift "$less"; "$program" "$@" --remote "unix://$socket"; else "$program" --no-daemon "$@"; fi
code=$?
kill "$server" 2>/dev/null
{ sleep 3; kill -KILL "$server"; } </dev/null >/dev/null 2>&1 & late=$!
wait "$server" 2>/dev/null
kill "$late" 2>/dev/null
rm -f -- "$socket"
exit "$code"`;

/** Options that take the next argument. */
const VALUED = new Set(
  '-c --config --enable --disable -i --image -m --model -s --sandbox -a --ask-for-approval -C --cd --add-dir'.split(' '),
);
/** Of the configuration, which both must know. */
const OF_BOTH = new Set(['-c', '--config', '--enable', '--disable']);
/** The user has a server of their own in mind, another home, nothing that stays, or what Codex refuses beside `--remote`. */
const EXCLUDED = [
  '--add-dir',
  '--worktree',
  '--remote',
  '--remote-auth-token-env',
  '--strict-config',
  '--oss',
  '--local-provider',
  '-p',
  '--profile',
];
const SHOWS = ['-h', '--help', '-V', '--version'];
/** With the id of an earlier conversation, they take the same options. */
const GOES_ON = new Set(['resume', 'fork']);
/** Before the terminal runs in its shared process, which has no part in this. */
const ALONE = '--no-daemon';

export const socketOf = (folder: string): string => path.join(folder, 'codex.sock');

/** Null: its arguments exclude it. */
export async function prepare(command: Command, folder: string): Promise<Command | null> {
  const args = command.args.filter((arg) => arg !== ALONE);
  const rest = withoutEarlier(args);
  // Else a word is a command of Codex, a prompt, or the program that a runtime runs.
  if (hasOption(args, [...EXCLUDED, ...SHOWS]) || firstWord(rest, VALUED) !== null) return null;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const both = ofBoth(args);
  const count = String(both.length);
  // An earlier conversation takes no permissions from its terminal: those of the configuration are the app-server's.
  const less = rest === args ? '0' : count;
  return {
    ...command,
    file: '/bin/sh',
    args: ['-c', WITH_SERVER, 'afield', socketOf(folder), command.file, count, less, ...both, ...withoutBoth(args)],
  };
}

/** Without the conversation that it goes on with. */
function withoutEarlier(args: readonly string[]): readonly string[] {
  const at = args.findIndex((arg, i) => GOES_ON.has(arg) && args[i + 1]?.startsWith('-') === false);
  return at < 0 ? args : args.toSpliced(at, 2);
}

const isOfBoth = (arg: string): boolean => [...OF_BOTH].some((name) => arg.startsWith(`${name}=`));

function ofBoth(args: readonly string[]): string[] {
  return args.flatMap((arg, at) => (OF_BOTH.has(arg) ? args.slice(at, at + 2) : isOfBoth(arg) ? [arg] : []));
}

const withoutBoth = (args: readonly string[]): string[] =>
  args.filter((arg, at) => !(OF_BOTH.has(arg) || OF_BOTH.has(args[at - 1] ?? '') || isOfBoth(arg)));
