/** For tests: tmux with everything real around it, in a folder of its own. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from './core/clock.ts';
import { createLocalHost } from './machines/local-host.ts';
import { TmuxRuntime, type TmuxRuntimeOptions } from './runtimes/tmux/runtime.ts';

export const HOME = 'abcdef012345';
const PATH = process.env.PATH ?? '/usr/bin:/bin';

/** Absolute path of tmux; null where there is none. */
export const TMUX = found();

export function openTmux({
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'afield-tmux-'))),
  ...options
}: { folder?: string } & Partial<TmuxRuntimeOptions> = {}) {
  const host = options.host ?? createLocalHost({ folder: join(folder, 'run'), env: { PATH, HOME: folder, LANG: 'C.UTF-8' } });
  const runtime = new TmuxRuntime({ host, clock: systemClock(), tmux: TMUX ?? 'tmux', home: HOME, ...options });
  const socket = join(folder, 'run', options.home ?? HOME, 's');
  const spool = join(folder, 'run', options.home ?? HOME, 'spool');
  /** As somebody at the desk would; empty when tmux refuses. */
  const tmux = (...args: string[]) => {
    try {
      return execFileSync(TMUX ?? 'tmux', ['-S', socket, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    } catch {
      return '';
    }
  };
  return {
    folder,
    host,
    runtime,
    socket,
    spool,
    tmux,
    close: async () => {
      await runtime.close();
      tmux('kill-server');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function found(): string | null {
  try {
    return execFileSync('sh', ['-c', 'command -v tmux'], { encoding: 'utf8' }).trim() || null;
  } catch {
    return null;
  }
}
