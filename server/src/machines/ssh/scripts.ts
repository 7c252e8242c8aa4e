/** What runs in a POSIX shell on another machine. Constant; everything that differs is a positional parameter. */
import { quoteLine, quoteWord } from '../../core/approvals/shell-words.ts';

/** Printed once the program is about to run: what stands before it came from the login shell's own files. Then its process id. */
export const GO = /@afield-go (\d+)\n/;
const SAY_GO = 'printf "@afield-go %s\\n" "$$"';

/** The connection's own program: says that it stands, then gives back whatever it is sent. */
export const ECHO = `exec sh -c ${quoteWord(`${SAY_GO}; exec cat`)}`;

const LAUNCH = `${SAY_GO}; PATH=$1; export PATH; shift; exec "$@"`;
/** Variables come as the first line of the input: arguments can be seen by everybody on that machine. `read` takes not a byte more than the line. */
const LAUNCH_WITH = `${SAY_GO}; PATH=$1; export PATH; shift; N=$(printf "\\nx"); N=\${N%x}; IFS= read -r E; eval "$E"; unset N E; exec "$@"`;

/** What sshd is asked to run. `exec`, so that the program is the leader of the process group that sshd made. */
export function launchLine(path: string, argv: readonly string[], withEnvironment: boolean): string {
  return `exec ${quoteLine(['sh', '-c', withEnvironment ? LAUNCH_WITH : LAUNCH, 'afield', path, ...argv])}`;
}

/** First line of the input for `launchLine`. Names must be names of variables. */
export function environmentLine(env: Readonly<Record<string, string>>): string {
  const assign = ([name, value]: [string, string]) => `${name}=${value.split('\n').map(quoteWord).join('"$N"')}`;
  return `export ${Object.entries(env).map(assign).join(' ')}\n`;
}

/**
 * `$1` file, `$2` first byte, counted from 1. Ends when its input does, and that is when the line is cut: `tail` alone would wait for more
 * for ever.
 */
export const FOLLOW = `
(
  while [ ! -e "$1" ]; do sleep 0.1 2>/dev/null || sleep 1; done
  t=
  trap 'kill "$t"; exit 0' TERM
  tail -c "+$2" -f -- "$1" &
  t=$!
  wait "$t"
  kill "$$"
) 2>/dev/null &
w=$!
cat >/dev/null 2>&1
kill "$w" 2>/dev/null
`;

/** `$1` leader of a process group. Without `--`, which dash does not take here. */
export const END_GROUP = 'kill -9 "-$1" 2>/dev/null || kill -9 "$1"';
