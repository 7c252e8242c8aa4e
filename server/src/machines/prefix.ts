/** A command that runs another one elsewhere: `docker exec -it box`, `kubectl exec -it pod --`, `sudo -u builder`. Its terminal lives here. */
import { randomBytes } from 'node:crypto';
import type { MachineLine } from '@afield/shared/api/machines.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { quoteWord } from '../core/approvals/shell-words.ts';
import { timestamp } from '../core/clock.ts';
import type { Command, Host, Machine } from '../core/machine-ports.ts';
import { SESSION_MARK } from '../core/machine-ports.ts';
import type { Clock, MachineRow } from '../core/ports.ts';
import { printable } from '../core/printable.ts';
import { lookAround, reached } from './checks.ts';
import { askFacts, createLookups, type Facts } from './facts.ts';
import { watchProcesses } from './process-facts.ts';

/** `$1` directory, `$2` file with more of its environment, or empty; then the command. */
const LAUNCH = 'cd -- "$1" || exit; if [ -n "$2" ]; then . "$2" || exit; rm -f -- "$2"; fi; shift 2; exec "$@"';
/** Standard input into a file for us alone, in memory where it can be; prints its path. `$1` name, which nobody can guess, `$2` bytes, `$3`
 * seconds after which it is removed in any case: a program that never comes to run does not do it. */
const KEEP = `
umask 077; set -C
for d in "$XDG_RUNTIME_DIR" /dev/shm "\${TMPDIR:-/tmp}" "$HOME"; do
  if [ -n "$d" ] && [ -d "$d" ] && [ -w "$d" ] && cat > "$d/$1"; then
    if [ "$(wc -c < "$d/$1")" -eq "$2" ]; then
      (sleep "$3"; rm -f -- "$d/$1") </dev/null >/dev/null 2>&1 &
      printf %s "$d/$1"; exit 0
    fi
    rm -f -- "$d/$1"; echo 'the command passes no input on (-i?)' >&2; exit 1
  fi
done
exit 1`;
const KEPT_S = '60';
/** What may be seen by everybody. */
const OPEN: ReadonlySet<string> = new Set(['TERM', 'COLORTERM', SESSION_MARK]);
/** Whether it still answers there is asked anew after this. */
const FACTS_KEPT_MS = 5_000;

export interface PrefixMachineDeps {
  /** The home server itself. */
  local: Machine;
  clock: Clock;
  onLine(): void;
}

export interface PrefixMachine extends Machine {
  wrap(command: Command, options?: { terminal: boolean }): Promise<Command>;
  /** Runs something there now. Errors: machine_unreachable. */
  reach(): Promise<void>;
}

export function createPrefixMachine(row: MachineRow & { prefix: string[] }, { local, clock, onLine }: PrefixMachineDeps): PrefixMachine {
  const { name, prefix, created_at } = row;
  const quiet = withoutTerminal(prefix);
  const run: Host['run'] = (argv, options) => local.host.run([...quiet, ...argv], options);
  let line: MachineLine = { state: 'down', detail: 'It is reached as soon as something needs it.', since: null };
  let known: { facts: Promise<Facts>; at: number } | null = null;

  const say = (state: MachineLine['state'], detail: string | null) => {
    if (line.state === state && line.detail === detail) return;
    line = { state, detail, since: line.state === state ? line.since : timestamp(clock) };
    onLine();
  };
  const ask = async (): Promise<Facts> => {
    try {
      const facts = await askFacts(name, run, false);
      say('up', null);
      return facts;
    } catch (error) {
      say('down', error instanceof AfieldError ? printable(error.message) : String(error));
      throw error;
    }
  };
  const facts = (): Promise<Facts> => {
    const now = clock.monotonic();
    if (known === null || now - known.at >= FACTS_KEPT_MS) known = { facts: ask(), at: now };
    const { facts: asked } = known;
    asked.catch(() => {
      known = null;
    });
    return asked;
  };
  const lookups = createLookups(name, facts, run, () => clock.monotonic());

  /** Arguments can be seen by everybody, here and there: what a user gave goes by a file, which the program's own shell removes. */
  const keep = async (env: Readonly<Record<string, string>>): Promise<string> => {
    const lines = Object.entries(env).map(([key, value]) => `export ${key}=${quoteWord(value)}\n`);
    if (lines.length === 0) return '';
    const input = Buffer.from(lines.join(''));
    const argv = ['sh', '-c', KEEP, 'afield', `.afield-${randomBytes(16).toString('hex')}`, String(input.length), KEPT_S];
    const { code, stdout, stderr } = await run(argv, { input });
    if (code === 0) return stdout.toString();
    throw new AfieldError('machine_unreachable', `${name} takes no file for the environment of the session: ${printable(stderr).trim()}`);
  };

  return {
    name,
    kind: 'prefix',
    ssh: null,
    prefix,
    created_at,
    host: local.host,
    get line() {
      return line;
    },
    async reach() {
      known = null;
      await facts();
    },
    async wrap({ session_id, file, args, cwd, env }, { terminal } = { terminal: true }) {
      const entries = Object.entries(env);
      const open = entries.flatMap(([key, value]) => (OPEN.has(key) ? [`${key}=${value}`] : []));
      const [program = '', ...words] = terminal ? prefix : quiet;
      const found = await local.which(program);
      if (found === null)
        throw new AfieldError('machine_unreachable', `${name} is reached by "${program}", which the home server does not have.`);
      const kept = await keep(Object.fromEntries(entries.filter(([key]) => !OPEN.has(key))));
      const inside = ['sh', '-c', LAUNCH, 'afield', cwd, kept, 'env', ...open, file, ...args];
      // What the prefix itself needs is the home server's; only what was given reaches the other side.
      const outside = local.environment({ id: session_id }, {});
      return { session_id, file: found, args: [...words, ...inside], cwd: outside.HOME ?? '/', env: outside };
    },
    processes: ({ id }, sample_ms) => watchProcesses(run, { id, pid: null }, sample_ms),
    async checks() {
      known = null;
      lookups.forget();
      try {
        const began = clock.monotonic();
        const { shell, system, home } = await facts();
        const found = await lookAround(run, home, { needed: false, shell });
        const here = (await local.checks()).filter((check) => check.name === 'tmux');
        // The terminal is the home server's, and so is its tmux.
        return [
          reached(true, `${system}, ${Math.round(clock.monotonic() - began)} ms`),
          ...here,
          ...found.filter((check) => check.name !== 'tmux'),
        ];
      } catch (error) {
        if (!(error instanceof AfieldError)) throw error;
        return [reached(false, error.message, `Try it by hand: ${quiet.join(' ')} true`)];
      }
    },
    close: async () => {},
    which: lookups.which,
    version: lookups.version,
    directory: lookups.directory,
    environment: (session, extra) => ({ ...extra, TERM: 'xterm-256color', COLORTERM: 'truecolor', [SESSION_MARK]: session.id }),
  };
}

/** The same command for a program without a terminal: `-t` and `--tty` go, `-it` becomes `-i`; what stands after `--` stays. */
export function withoutTerminal(prefix: readonly string[]): string[] {
  const end = prefix.indexOf('--');
  return prefix.flatMap((word, at) => {
    if (at === 0 || (end >= 0 && at > end)) return [word];
    if (/^(-t|--tty|--tty=true)$/.test(word)) return [];
    return [/^-(it|ti)$/.test(word) ? '-i' : word];
  });
}
