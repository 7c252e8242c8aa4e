/**
 * What runs in a shell on a machine: constant scripts for any POSIX sh, whatever varies comes as a parameter. None waits for input, and
 * each ends by itself.
 */

/** Where tmux is often installed though a service, or ssh without a login, does not look there. */
const PATHS = 'PATH="$PATH:/usr/local/bin:/opt/homebrew/bin:/opt/local/bin:$HOME/.local/bin:/usr/bin:/bin"';

/** Prints `tmux=<path>` and `version=<what tmux -V says>`; nothing where there is none. */
export const FIND_TMUX = `${PATHS}
tmux=$(command -v tmux) || exit 0
printf 'tmux=%s\\nversion=%s\\n' "$tmux" "$("$tmux" -V 2>/dev/null)"`;

/** A folder that nobody else can have made or can look into. */
const PRIVATE = `private() {
  (umask 077; mkdir -p "$1") 2>/dev/null
  [ -d "$1" ] && [ ! -L "$1" ] && [ -O "$1" ] || return 1
  chmod 700 "$1" 2>/dev/null
}`;

/**
 * $1: our folder, $2: id of this home. Prints `name=value` lines: `socket`, `spool`, `memory` (may be missing), `boot` (which start of
 * the machine this is), `server` (the start of the machine at which our tmux was started last). A path for a socket may have about 100
 * bytes.
 */
export const PREPARE = `${PRIVATE}
private "$1/$2" || { echo "$1/$2 cannot be used as a private folder" >&2; exit 1; }
socket="$1/$2/s"
if [ "$(printf %s "$socket" | wc -c)" -gt 100 ]; then
  short="/tmp/afield-$(id -u)-$2"
  private "$short" || { echo "$short belongs to somebody else" >&2; exit 1; }
  socket="$short/s"
fi
for room in "$XDG_RUNTIME_DIR" /dev/shm; do
  [ -n "$room" ] && private "$room/afield-$(id -u)-$2" || continue
  printf 'memory=%s\\n' "$room/afield-$(id -u)-$2"
  break
done
boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null || sysctl -n kern.boottime 2>/dev/null)
printf 'socket=%s\\nspool=%s\\nboot=%s\\nserver=%s\\n' "$socket" "$1/$2/spool" "$boot" "$(cat "$1/$2/boot" 2>/dev/null)"`;

/**
 * Makes sure of our tmux server: $1 tmux, $2 socket, $3 `start` (a new one when there is none) or `find` (exit code 7 then), $4 what this
 * start of the machine is called, $5 where to note it, $6… options, as commands. Its environment is what every program there may see.
 */
export const ENSURE_SERVER = `tmux="$1"; socket="$2"; mode="$3"; boot="$4"; note="$5"; shift 5
"$tmux" -S "$socket" has-session -t =afield: 2>/dev/null && exit 0
if ! "$tmux" -S "$socket" list-sessions >/dev/null 2>&1; then
  [ "$mode" = start ] || exit 7
  (umask 077; printf '%s\\n' "$boot" > "$note") 2>/dev/null
fi
cd / || exit 1
exec env -i HOME="$HOME" PATH="$PATH" LANG="\${LANG:-C.UTF-8}" \${USER:+USER="$USER"} \${LOGNAME:+LOGNAME="$LOGNAME"} \${TMPDIR:+TMPDIR="$TMPDIR"} "$tmux" -u -S "$socket" -f /dev/null "$@"`;

/** What runs in a new pane: $1 directory, $2 SHELL, $3… the program. tmux itself is no business of it. */
export const LAUNCH = `cd "$1" || exit 126
SHELL="$2"; [ -n "$SHELL" ] || unset SHELL
shift 2
unset TMUX TMUX_PANE TERM_PROGRAM TERM_PROGRAM_VERSION OLDPWD
exec "$@"`;

/** $1 directory, $2 program: says what is wrong, if anything. */
export const STARTABLE = `cd "$1" 2>/dev/null || { printf 'The directory %s cannot be entered. Check its permissions.' "$1"; exit 0; }
[ -f "$2" ] && [ -x "$2" ] || printf '%s cannot be run. Check its permissions.' "$2"`;

/** $1: folder of all spools. Prints every file there as \`ls\` does. */
export const LIST_SPOOLS = 'cd "$1" 2>/dev/null || exit 0; LC_ALL=C ls -lnR .';

/** $1: a spool. Prints its size and, looked at before, the state of the process that writes it (as ps does; nothing when it is gone). */
export const LOOK_AT_SPOOL = `pid=$(cat "$1.pid" 2>/dev/null)
state='?'
if [ -n "$pid" ]; then
  if [ -r "/proc/$pid/stat" ]; then state=$(sed 's/^.*) //; s/ .*//' "/proc/$pid/stat" 2>/dev/null)
  else state=$(ps -o stat= -p "$pid" 2>/dev/null); fi
fi
case "$state" in Z*|X*) state= ;; esac
size=$(wc -c < "$1" 2>/dev/null)
printf '%s %s\\n' "$((\${size:-0}))" "$state"`;

/** $1: a folder. Fails when 4 MiB do not fit into it. */
export const HAS_ROOM = `mkdir -p "$1" && cd "$1" && dd if=/dev/zero of=.room bs=1048576 count=4 2>/dev/null
ok=$?
rm -f .room
exit $ok`;

/** $1: a spool, $2: so many bytes at its start are needed no longer. Where the system cannot give them back it fails. */
export const PUNCH = `printf '%s\\n' "$2" > "$1.kept" && fallocate -p -o 0 -l "$2" "$1"`;

/** Standard input into $1, whole or not at all. */
export const KEEP_FILE = `umask 077
mkdir -p "\${1%/*}" && cat > "$1.new" && mv "$1.new" "$1"`;

/** Removes what is named, with everything in it. */
export const REMOVE = 'rm -rf "$@"';

/**
 * Ends process trees: $1 the environment entry that marks them, $2 pid of a root or nothing. Asked, told, made to leave; prints how many
 * there were.
 */
export const END_TREE = `mark="$1"; root="$2"
members() {
  found=$({ [ -z "$root" ] || echo "$root"; grep -laF "$mark" /proc/[0-9]*/environ 2>/dev/null | sed 's/[^0-9]//g'; } | tr '\\n' ' ')
  ps -A -o pid= -o ppid= -o pgid= -o stat= | awk -v found="$found" -v root="$root" -v me="$$" '
    BEGIN { n = split(found, list, " "); for (i = 1; i <= n; i++) in_tree[list[i]] = 1 }
    $4 ~ /^Z/ { next }
    { parent[$1] = $2; group[$1] = $3; alive[$1] = 1; if (root != "" && $3 == root) in_tree[$1] = 1 }
    END {
      do { more = 0; for (p in alive) if (!(p in in_tree) && (parent[p] in in_tree)) { in_tree[p] = 1; more = 1 } } while (more)
      for (p in in_tree) if ((p in alive) && p != me && parent[p] != me) print p
    }'
}
seen=0
for step in HUP:15 TERM:25 KILL:30; do
  all=$(members)
  [ -n "$all" ] || break
  count=$(printf '%s\\n' "$all" | wc -l)
  [ "$count" -gt "$seen" ] && seen=$count
  kill -"\${step%:*}" $all 2>/dev/null
  [ "\${step%:*}" = KILL ] || kill -CONT $all 2>/dev/null
  tries=\${step#*:}
  while [ "$tries" -gt 0 ] && [ -n "$(members)" ]; do sleep 0.1 2>/dev/null || sleep 1; tries=$((tries - 1)); done
done
printf '%s\\n' "$((seen))"`;

/** Prints \`pid mark\` of every process whose environment holds $1 and one that begins with $2. */
export const FIND_MARKED = `grep -laF "$1" /proc/[0-9]*/environ 2>/dev/null | while read -r file; do
  pid=$(printf %s "$file" | sed 's/[^0-9]//g')
  mark=$(tr '\\000' '\\n' < "$file" 2>/dev/null | sed -n "s/^$2//p" | head -n 1)
  [ -z "$mark" ] || printf '%s %s %s\\n' "$pid" "$mark" "$(tr '\\000\\n' '  ' < "/proc/$pid/cmdline" 2>/dev/null | cut -c1-200)"
done`;

/** $1: tmux. Prints, for the user's own tmux servers, \`socket=<path>\` and then its panes in format $2. $3: a socket that is ours. */
export const LIST_FOREIGN = `for socket in "\${TMUX_TMPDIR:-/tmp}/tmux-$(id -u)"/*; do
  [ -S "$socket" ] && [ -O "$socket" ] && [ "$socket" != "$3" ] || continue
  panes=$("$1" -u -S "$socket" list-panes -a -F "$2" 2>/dev/null) || continue
  printf 'socket=%s\\n%s\\n' "$socket" "$panes"
done`;
