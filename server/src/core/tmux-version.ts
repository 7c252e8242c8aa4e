/** control mode, `pipe-pane -O`, `resize-window`, `send-keys -H`, `new-session -e`: all of them since this version. */
const OLDEST = { major: 3, minor: 2 };

/** Whether what `tmux -V` printed is a tmux that can be used: `tmux 3.3a`, `tmux next-3.5`; what has no number of its own is new. */
export function isTmuxUsable(said: string): boolean {
  const [, major, minor] = /^tmux (?:next-)?(\d+)\.(\d+)/.exec(said) ?? [];
  if (major === undefined) return /^tmux (?:master|openbsd)/.test(said);
  return Number(major) > OLDEST.major || (Number(major) === OLDEST.major && Number(minor) >= OLDEST.minor);
}
