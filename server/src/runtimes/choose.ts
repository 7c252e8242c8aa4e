/** What sessions of a machine run in: tmux where there is one that is new enough. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { Host, Machine, TerminalRuntime } from '../core/machine-ports.ts';
import type { Clock } from '../core/ports.ts';
import { createPtyRuntime } from './pty.ts';
import { findTmux, homeId } from './tmux/place.ts';
import { TmuxRuntime } from './tmux/runtime.ts';

export interface RuntimeOptions {
  clock: Clock;
  /** `auto`: tmux where it is found, else `pty` on the home server. */
  setting: 'auto' | 'tmux' | 'pty';
  /** Tells this home server from any other: what is the same at every start. */
  home: string;
}

const FIX = 'Install tmux 3.2 or newer there (apt install tmux, brew install tmux)';

/**
 * For `createMachines`. Machines whose terminals live on the same host share a runtime. Errors: machine_unreachable; unavailable where
 * there is no tmux that can be used, with what to do.
 */
export function createRuntimes({ clock, setting, home }: RuntimeOptions) {
  const id = homeId(home);
  /** One for each host, however often it is asked for: it has a line of its own. */
  const known = new Map<Host, TmuxRuntime>();
  const choose = async (host: Host): Promise<TerminalRuntime> => {
    if (host.local && setting === 'pty') return createPtyRuntime(clock, id);
    const before = known.get(host);
    if (before !== undefined) return before;
    const found = await findTmux(host);
    if (found?.usable === true) {
      const runtime = known.get(host) ?? new TmuxRuntime({ host, clock, tmux: found.tmux, home: id });
      known.set(host, runtime);
      return runtime;
    }
    if (host.local && setting === 'auto') return createPtyRuntime(clock, id);
    const what = found === null ? `There is no tmux on ${host.name}` : `The tmux on ${host.name} is too old (${found.version})`;
    throw new AfieldError('unavailable', `${what}, and without it no session there outlives the line. ${FIX}.`);
  };
  return {
    runtimeFor: ({ host }: Machine) => choose(host),
    /** Lets go of every tmux; those that hold no session end. */
    close: async () => {
      await Promise.allSettled([...known.values()].map((runtime) => runtime.close()));
    },
  };
}
