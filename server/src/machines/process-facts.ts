/** What the processes of a session do: one constant script that reads /proc, or asks `ps` where there is none. */
import type { Host, ProcessFacts } from '../core/machine-ports.ts';
import { SESSION_MARK } from '../core/machine-ports.ts';

const MAX_SAMPLE_MS = 10_000;
const RUN_MS = 10_000;
const RUN_BYTES = 4 * 1024 * 1024;
const MAX_PROCESSES = 512;
const MAX_CHILDREN = 32;
const COMMAND_CHARACTERS = 100;

/**
 * `$1` mark, `$2` process or 0, `$3` seconds. Looks twice: everything that runs, what bears our mark, and of the session's processes what they
 * read and wrote; the second time their names and sockets too.
 */
const WATCH = `
mark=$1 root=$2
if [ -r /proc/self/stat ]; then
  look() {
    printf '@uptime '; cat /proc/uptime
    printf '@stat\\n'; cat /proc/[0-9]*/stat 2>/dev/null
    printf '@marked\\n'; grep -lsF -- "$mark" /proc/[0-9]*/environ 2>/dev/null
    printf '@io\\n'
    for p in $(members); do
      while read -r k v; do case $k in rchar:|wchar:) printf '%s %s\\n' "$p" "$v";; esac; done 2>/dev/null <"/proc/$p/io"
    done
  }
  members() {
    { grep -lsF -- "$mark" /proc/[0-9]*/environ 2>/dev/null; cat /proc/[0-9]*/stat 2>/dev/null; } | awk -v root="$root" '
      /^\\/proc\\// { split($0, a, "/"); if (root == 0) want[a[3]] = 1; marked[a[3]] = 1; next }
      { pid = $1; sub(/^.*\\) /, ""); parent[pid] = $2 }
      END {
        if (root != 0) want[root] = 1
        for (p in marked) want[p] = 1
        do { n = 0; for (p in parent) if (!(p in want) && (parent[p] in want)) { want[p] = 1; n++ } } while (n > 0)
        c = 0; for (p in want) if ((p in parent) && c++ < ${MAX_PROCESSES}) print p
      }'
  }
  printf '@hz %s\\n' "$(getconf CLK_TCK 2>/dev/null || echo 100)"
  look; sleep "$3"; look
  printf '@command\\n'
  for p in $(members); do printf '%s ' "$p"; head -c 300 "/proc/$p/cmdline" 2>/dev/null | tr '\\000\\n' '  '; printf '\\n'; done
  printf '@socket\\n'
  for p in $(members); do ls -l "/proc/$p/fd" 2>/dev/null | sed -n 's/.*socket:\\[\\([0-9]*\\)\\].*/\\1/p' | head -n 1000; done
  printf '@connected\\n'
  awk '$4 == "01" { print $10 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
else
  look() { printf '@ps\\n'; ps -axo pid=,ppid=,time=,etime=,command= | cut -c 1-300; }
  look; sleep "$3"; look
fi
`;

interface Seen {
  pid: number;
  parent: number;
  /** Used by itself, and with what its ended children used, in ms. */
  own: number;
  all: number;
  running_ms: number;
  command: string;
}
interface Look {
  seen: Map<number, Seen>;
  marked: Set<number>;
  io: Map<number, number>;
}

/** Null when nobody can tell, or when there is none of its processes. Errors: machine_unreachable. */
export async function watchProcesses(
  run: Host['run'],
  session: { id: string; pid: number | null },
  sample_ms: number,
): Promise<ProcessFacts | null> {
  const ms = Math.min(Math.max(sample_ms, 0), MAX_SAMPLE_MS);
  const mark = `${SESSION_MARK}=${session.id}`;
  const began = performance.now();
  const argv = ['sh', '-c', WATCH, 'afield', mark, String(session.pid ?? 0), (ms / 1000).toFixed(2)];
  const { code, stdout } = await run(argv, { timeoutMs: RUN_MS + ms, maxBytes: RUN_BYTES });
  if (code === null) return null;
  return factsOf(sections(stdout.toString()), session.pid, Math.min(ms, Math.round(performance.now() - began)));
}

/** In the order in which they were printed. */
function sections(text: string): { name: string; lines: string[] }[] {
  const found: { name: string; lines: string[] }[] = [];
  for (const line of text.split('\n')) {
    const [, name, rest] = /^@([a-z]+) ?(.*)$/.exec(line) ?? [];
    if (name !== undefined) found.push({ name, lines: rest === undefined || rest === '' ? [] : [rest] });
    else if (line !== '') found.at(-1)?.lines.push(line);
  }
  return found;
}

function factsOf(all: ReturnType<typeof sections>, root: number | null, sample_ms: number): ProcessFacts | null {
  const lines = (name: string, nth = 0) => all.filter((section) => section.name === name)[nth]?.lines ?? [];
  const proc = lines('stat').length > 0;
  const hz = Number(lines('hz')[0]) || 100;
  const look = (nth: number): Look => ({
    seen: proc ? fromStat(lines('stat', nth), Number.parseFloat(lines('uptime', nth)[0] ?? '0'), hz) : fromPs(lines('ps', nth)),
    marked: new Set(lines('marked', nth).map((file) => Number(file.split('/')[2]))),
    io: sums(lines('io', nth)),
  });
  const [before, after] = [look(0), look(1)];
  const members = membersOf(after, root);
  if (members.size === 0) return null;
  const commands = new Map(lines('command').map((line) => [Number.parseInt(line, 10), line.replace(/^\d+ /, '')]));
  const earlier = membersOf(before, root);
  const sum = (of: Map<number, Seen>, pids: Set<number>) => [...pids].reduce((total, pid) => total + (of.get(pid)?.all ?? 0), 0);
  const children = [...members].flatMap((pid) => {
    const now = after.seen.get(pid);
    if (now === undefined || pid === root) return [];
    const cpu_ms = Math.max(0, Math.round(now.own - (before.seen.get(pid)?.own ?? 0)));
    return [{ pid, command: oneLine(commands.get(pid) ?? now.command), cpu_ms, running_ms: Math.max(0, Math.round(now.running_ms)) }];
  });
  const connected = new Set(lines('connected'));
  return {
    sample_ms,
    processes: members.size,
    cpu_ms: Math.max(0, Math.round(sum(after.seen, members) - sum(before.seen, earlier))),
    io_bytes: proc ? moved(before.io, after.io) : null,
    sockets: proc ? new Set(lines('socket').filter((inode) => connected.has(inode))).size : null,
    children: children.sort((a, b) => b.cpu_ms - a.cpu_ms).slice(0, MAX_CHILDREN),
  };
}

/** proc_pid_stat(5). What ran as our own script bears no mark and is nobody's child here. */
function fromStat(lines: readonly string[], uptime: number, hz: number): Map<number, Seen> {
  const seen = lines.flatMap((line): Seen[] => {
    const close = line.lastIndexOf(')');
    const [state, ...numbers] = line.slice(close + 2).split(' ');
    if (close < 0 || state === 'Z' || state === 'X') return [];
    const number = (field: number) => Number(numbers[field - 4] ?? 0);
    const ms = (jiffies: number) => (jiffies * 1000) / hz;
    const own = ms(number(14) + number(15));
    const name = line.slice(line.indexOf('(') + 1, close);
    return [
      {
        pid: Number.parseInt(line, 10),
        parent: number(4),
        own,
        all: own + ms(number(16) + number(17)),
        running_ms: uptime * 1000 - ms(number(22)),
        command: name,
      },
    ];
  });
  return new Map(seen.map((one) => [one.pid, one]));
}

/** `ps -o pid=,ppid=,time=,etime=,command=` */
function fromPs(lines: readonly string[]): Map<number, Seen> {
  const seen = lines.flatMap((line): Seen[] => {
    const [, pid, parent, time, etime, command] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (command === undefined) return [];
    const own = clockMs(time!);
    return [{ pid: Number(pid), parent: Number(parent), own, all: own, running_ms: clockMs(etime!), command }];
  });
  return new Map(seen.map((one) => [one.pid, one]));
}

/** `[[days-]hours:]minutes:seconds[.hundredths]` */
function clockMs(text: string): number {
  const [days, rest] = text.includes('-') ? text.split('-') : ['0', text];
  const seconds = (rest ?? '').split(':').reduce((total, part) => total * 60 + Number.parseFloat(part), 0);
  return (Number(days) * 86_400 + seconds) * 1000;
}

function membersOf({ seen, marked }: Look, root: number | null): Set<number> {
  const members = new Set([...marked].filter((pid) => seen.has(pid)));
  if (root !== null && seen.has(root)) members.add(root);
  for (let size = -1; size !== members.size; ) {
    size = members.size;
    for (const { pid, parent } of seen.values()) if (members.has(parent) && members.size < MAX_PROCESSES) members.add(pid);
  }
  return members;
}

function sums(lines: readonly string[]): Map<number, number> {
  const found = new Map<number, number>();
  for (const line of lines) {
    const [pid = 0, bytes = 0] = line.split(' ').map(Number);
    found.set(pid, (found.get(pid) ?? 0) + bytes);
  }
  return found;
}

/** Of those that were there at both times; what a new one did counts whole. */
function moved(before: Map<number, number>, after: Map<number, number>): number {
  return [...after].reduce((total, [pid, bytes]) => total + Math.max(0, bytes - (before.get(pid) ?? 0)), 0);
}

const oneLine = (text: string) =>
  text
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ')
    .trim()
    .slice(0, COMMAND_CHARACTERS);
