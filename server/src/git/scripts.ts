/**
 * What is asked of git, as one constant script for a POSIX shell: all that differs is a positional parameter. One call is one round trip
 * to a machine.
 *
 * A repository that an agent may write to is hostile: its config can name programs (fsmonitor, hooks, filters, external diffs, textconv,
 * an ssh command for missing objects). So nothing of its config is ever in force while its files are looked at. In the repository itself
 * git only tells where it is and a few harmless settings. All else happens in a git directory of our own, made for this one call: our
 * config, a copy of the index (with the times that make it fast), its refs and objects to read.
 *
 * New objects of `diff` go away with that directory; those of `take` stay in the repository, where no ref names them, until git's own
 * housekeeping removes them (after two weeks, by default). The user's index, HEAD, refs, config and files are never written.
 */

/** Exit codes of `LOOK`. */
export const LOOK_END = {
  none: 10,
  noGit: 11,
  untrusted: 12,
  noRef: 13,
  tooLong: 14,
  noTree: 15,
  failed: 16,
  noDirectory: 17,
  elsewhere: 18,
  unchanged: 19,
  unknown: 20,
  noCommit: 21,
} as const;

/** Bytes of the list of files, of all hunks together, and of the hunks of one file. */
export const LIST_BYTES = 512 * 1024;
export const PATCH_BYTES = 256 * 1024;
export const FILE_BYTES = 1024 * 1024;

/**
 * `$1` take or diff, `$2` directory, `$3` seconds. For diff: `$4` tree, ref, or unknown (then it only tells why nothing
 * can be compared), `$5` which, `$6` only this file, or empty.
 *
 * take prints the tree. diff prints branch, tree, number of files, and bytes of what follows, each with a NUL: raw, numstat, patch.
 */
export const LOOK = `
umask 077
mode=$1 dir=$2 end=$(($(date +%s) + $3)) kind=\${4-} which=\${5-} only=\${6-}
for v in $(env | sed -n 's/^\\(GIT_[A-Za-z0-9_]*\\)=.*/\\1/p'); do unset "$v"; done
unset CDPATH
export LC_ALL=C GIT_CONFIG_NOSYSTEM=1 GIT_ATTR_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0 GIT_OPTIONAL_LOCKS=0 GIT_PAGER=cat \\
  GIT_NO_LAZY_FETCH=1 GIT_NO_REPLACE_OBJECTS=1 GIT_ALLOW_PROTOCOL=none GIT_LITERAL_PATHSPECS=1
command -v git >/dev/null 2>&1 || exit ${LOOK_END.noGit}
timeout=$(command -v timeout) || timeout=
ulimit -f 524288 2>/dev/null
g() {
  left=$((end - $(date +%s)))
  [ "$left" -gt 0 ] || return 124
  \${timeout:+"$timeout" -s KILL "$left"} git -c core.hooksPath=/dev/null -c core.fsmonitor=false -c core.attributesFile=/dev/null \\
    -c protocol.ext.allow=never -c protocol.allow=never "$@"
}
# What a program ended with, as one of ours.
fail() { case $1 in 124|137|143|153) exit ${LOOK_END.tooLong};; *) exit ${LOOK_END.failed};; esac; }

cd -P -- "$dir" 2>/dev/null || exit ${LOOK_END.noDirectory}
top=$(pwd -P)
until [ -e "$top/.git" ]; do
  [ "$top" != / ] || exit ${LOOK_END.none}
  top=\${top%/*}; [ -n "$top" ] || top=/
done
cd "$top" || exit ${LOOK_END.noDirectory}

# What was left by one that was killed.
if [ "$mode" = take ]; then
  find "\${TMPDIR:-/tmp}" -maxdepth 1 -type d -name 'afield-git.*' -user "$(id -u)" -mmin +60 -exec rm -rf -- {} + </dev/null >/dev/null 2>&1 &
fi
t=$(mktemp -d "\${TMPDIR:-/tmp}/afield-git.XXXXXXXXXX") || exit ${LOOK_END.failed}
trap 'rm -rf -- "$t"' EXIT
trap 'exit ${LOOK_END.tooLong}' HUP INT TERM

# A work tree that lies elsewhere would let a repository show us any folder of this machine.
real=$(g rev-parse --show-toplevel 2>"$t/err") || {
  end_code=$?
  cat "$t/err" >&2
  grep -q 'dubious ownership' "$t/err" && exit ${LOOK_END.untrusted}
  fail $end_code
}
[ "$real" = "$top" ] || exit ${LOOK_END.elsewhere}
gd=$(g rev-parse --absolute-git-dir) || fail $?
common=$gd
if [ -f "$gd/commondir" ]; then
  IFS= read -r common < "$gd/commondir"
  case $common in /*) ;; *) common=$gd/$common;; esac
fi
ignore=$(g config --type=path --get core.excludesFile 2>/dev/null) || ignore=\${XDG_CONFIG_HOME:-$HOME/.config}/git/ignore

{
  printf '[core]\\n\\trepositoryFormatVersion = 1\\n\\tbare = false\\n\\tlooseCompression = 1\\n'
  g config --get-regexp '^(core\\.(filemode|symlinks|ignorecase|precomposeunicode|autocrlf|eol)|extensions\\.(objectformat|refstorage))$' |
  while read -r name value; do
    case $value in ''|*[!A-Za-z0-9]*) continue;; esac
    printf '[%s]\\n\\t%s = %s\\n' "\${name%%.*}" "\${name#*.}" "$value"
  done
} > "$t/config"
cp "$gd/HEAD" "$t/HEAD" || exit ${LOOK_END.failed}
mkdir "$t/info"
for f in refs packed-refs reftable shallow; do [ ! -e "$common/$f" ] || ln -s "$common/$f" "$t/$f"; done
for f in "$gd"/sharedindex.*; do [ ! -e "$f" ] || ln -s "$f" "$t/"; done
[ ! -f "$common/info/exclude" ] || cp "$common/info/exclude" "$t/info/exclude"
# With its times: by them git knows which files it need not read.
[ ! -f "$gd/index" ] || cp -p "$gd/index" "$t/index" || exit ${LOOK_END.failed}

export HOME="$t" XDG_CONFIG_HOME="$t" GIT_CONFIG_GLOBAL=/dev/null GIT_DIR="$t" GIT_WORK_TREE="$top" GIT_INDEX_FILE="$t/index"
if [ "$mode" = take ]; then
  export GIT_OBJECT_DIRECTORY="$common/objects"
else
  mkdir -p "$t/objects/info"
  printf '%s\\n' "$common/objects" > "$t/objects/info/alternates"
fi

# What git ended with, and our word for a thing that is not there: another one where no commit could be compared with instead.
missing() {
  case $1 in 124|137|143|153) fail "$1";; esac
  g rev-parse --verify --quiet HEAD >/dev/null 2>&1
  end_code=$?
  case $end_code in 0) exit "$2";; 124|137|143|153) fail "$end_code";; *) exit ${LOOK_END.noCommit};; esac
}
# Before the files are looked at, which takes longer.
if [ "$mode" = diff ]; then
  case $kind in
    unknown) missing 0 ${LOOK_END.unknown};;
    tree) from=$which; g cat-file -e "$from^{tree}" 2>/dev/null || missing $? ${LOOK_END.noTree};;
    *) from=$(g rev-parse --verify --quiet --end-of-options "$which^{tree}" 2>/dev/null) || missing $? ${LOOK_END.noRef};;
  esac
  case $from in ''|*[!0-9a-f]*) exit ${LOOK_END.noRef};; esac
fi

# Not "git add": that runs "git status" inside of submodules, with their config in force.
g -c core.excludesFile="$ignore" ls-files -z --modified --deleted --others --exclude-standard > "$t/paths" || fail $?
if ! g update-index -z --add --remove --replace --stdin < "$t/paths" 2>"$t/err"; then
  # Once more without what we may not read.
  xargs -0 sh -c 'for f; do if [ -r "$f" ] || [ -L "$f" ] || [ ! -e "$f" ]; then printf "%s\\0" "$f"; fi; done' sh < "$t/paths" > "$t/readable"
  g update-index -z --add --remove --replace --stdin < "$t/readable" || fail $?
fi
now=$(g write-tree --missing-ok) || fail $?
if [ "$mode" = take ]; then printf '%s\\n' "$now"; exit; fi

branch=$(g symbolic-ref --quiet --short HEAD 2>/dev/null) || branch=$(g rev-parse --verify --quiet --short HEAD 2>/dev/null)
d() {
  g diff-tree -r --find-renames -l1000 --no-ext-diff --no-textconv --no-color --no-relative --submodule=short "$@" "$from" "$now"
}
most=${PATCH_BYTES}
if [ -n "$only" ]; then
  most=${FILE_BYTES}
  d --name-only "--skip-to=$only" >/dev/null 2>"$t/err" || {
    end_code=$?
    grep -q 'No such path' "$t/err" && exit ${LOOK_END.unchanged}
    cat "$t/err" >&2
    fail $end_code
  }
fi
d -z --raw --no-abbrev \${only:+"--skip-to=$only"} > "$t/all" || fail $?
d -z --numstat \${only:+"--skip-to=$only"} > "$t/counts" || fail $?
d -p --full-index --unified=3 \${only:+"--skip-to=$only"} 2>/dev/null | head -c "$most" > "$t/patch"
files=$(d --name-only \${only:+"--skip-to=$only"} | wc -l)
for f in all counts; do head -c ${LIST_BYTES} "$t/$f" > "$t/$f.cut"; done
printf '%s\\0' "$branch" "$now" "$((files))" "$(($(wc -c < "$t/all.cut")))" "$(($(wc -c < "$t/counts.cut")))" "$(($(wc -c < "$t/patch")))"
cat "$t/all.cut" "$t/counts.cut" "$t/patch"
`;
