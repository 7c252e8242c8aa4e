/**
 * What is asked of a machine that is not this one: constant scripts for a POSIX shell, all that differs is a positional parameter. They
 * print `name=value`, one a line.
 */

/** Who we are there, then the environment. `$1` = login: as the login shell has it, with what its own files add. */
export const FACTS = `
printf 'home=%s\\nshell=%s\\nsystem=%s\\nid=%s\\n' "$HOME" "\${SHELL:-/bin/sh}" "$(uname -sm)" "$(id -u)"
printf '\\001env\\n'
if [ "$1" = login ]; then "\${SHELL:-/bin/sh}" -l -c 'exec env' </dev/null 2>/dev/null || env; else env; fi
`;
export const FACTS_SEPARATOR = '\u0001env\n';

/** `$1` name without a slash, `$2` folders. */
export const WHICH = `
IFS=:; set -f
for d in $2; do
  f=$d/$1
  if [ -f "$f" ] && [ -x "$f" ]; then printf '%s' "$f"; exit 0; fi
done
exit 1
`;

/** `$1` absolute path of a program. */
export const IS_PROGRAM = '[ -f "$1" ] && [ -x "$1" ]';

/** `$1` directory: the real one. */
export const DIRECTORY = 'unset CDPATH; cd -P -- "$1" 2>/dev/null && pwd -P';

/** `$1` folder of ours, for us alone. */
export const OWN_FOLDER = 'umask 077; mkdir -p -- "$1" && chmod 700 -- "$1" && cd -P -- "$1" && pwd -P';

/** `$1` folder whose disk is meant. \`installer\`: what brings programs there. */
export const LOOK = `
printf 'tmux=%s\\n' "$(tmux -V 2>/dev/null)"
d=$1; while [ ! -d "$d" ] && [ "$d" != / ] && [ -n "$d" ]; do d=$(dirname -- "$d"); done
printf 'free=%s\\n' "$(df -Pk -- "$d" 2>/dev/null | awk 'NR==2 {print $4}')"
for i in apt-get dnf yum pacman apk zypper brew pkg; do
  if command -v "$i" >/dev/null 2>&1; then printf 'installer=%s\\n' "$i"; break; fi
done
`;
