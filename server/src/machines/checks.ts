/** What a machine needs for sessions, with a fix for what is missing. */
import type { Check } from '@afield/shared/api/system.ts';
import type { Host } from '../core/machine-ports.ts';
import { isTmuxUsable } from '../core/tmux-version.ts';
import { pairs } from './facts.ts';
import { LOOK } from './scripts.ts';

const LOOK_MS = 8_000;
const INSTALL: Readonly<Record<string, string>> = {
  'apt-get': 'sudo apt-get install tmux',
  dnf: 'sudo dnf install tmux',
  yum: 'sudo yum install tmux',
  pacman: 'sudo pacman -S tmux',
  apk: 'sudo apk add tmux',
  zypper: 'sudo zypper install tmux',
  brew: 'brew install tmux',
  pkg: 'sudo pkg install tmux',
};
/** Below this a session soon stops being recorded. */
const LITTLE_BYTES = 1024 ** 3;

/** Tmux, shell and disk. `needed`: without tmux nothing can be started there at all. */
export async function lookAround(
  run: Host['run'],
  folder: string,
  { needed, shell }: { needed: boolean; shell: string },
): Promise<Check[]> {
  const { stdout } = await run(['sh', '-c', LOOK, 'afield', folder], { timeoutMs: LOOK_MS });
  const told = pairs(stdout.toString());
  const free = Number.parseInt(told.free ?? '', 10);
  return [
    tmuxCheck(told.tmux ?? '', INSTALL[told.installer ?? ''] ?? 'Install tmux 3.2 or newer.', needed),
    shellCheck(shell),
    ...disk(free * 1024, folder),
  ];
}

export function reached(ok: boolean, detail: string, fix: string | null = null): Check {
  return { name: 'reached', ok, level: ok ? 'ok' : 'fault', detail, fix: ok ? null : fix };
}

function tmuxCheck(said: string, install: string, needed: boolean): Check {
  if (isTmuxUsable(said)) return { name: 'tmux', ok: true, level: 'ok', detail: said, fix: null };
  const without = needed ? 'without it no session can be started there' : 'without it sessions end with the home server';
  const is = said === '' ? 'There is no tmux' : `${said} is too old (3.2 or newer is needed)`;
  return { name: 'tmux', ok: false, level: needed ? 'fault' : 'warning', detail: `${is}: ${without}.`, fix: install };
}

const shellCheck = (shell: string): Check => ({ name: 'shell', ok: true, level: 'ok', detail: shell, fix: null });

function disk(free: number, folder: string): Check[] {
  if (Number.isNaN(free)) return [];
  const little = free < LITTLE_BYTES;
  const detail = `${(free / 1024 ** 3).toFixed(1)} GiB free for ${folder}`;
  return [{ name: 'disk', ok: !little, level: little ? 'warning' : 'ok', detail, fix: little ? 'Make room there.' : null }];
}
