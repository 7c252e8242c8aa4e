/** The processes of a session, on this machine or on another. */
import { type Host, SESSION_MARK, type Stray } from '../../core/machine-ports.ts';
import type { Clock } from '../../core/ports.ts';
import { endTree } from '../process-tree.ts';
import { isRunning, lookAt } from '../processes.ts';
import { HOME_MARK, straysOf } from '../strays.ts';
import type { PaneFacts } from './panes.ts';
import { END_TREE, FIND_MARKED } from './scripts.ts';

/** Asked, told and made to leave takes up to 7 s. */
const END_MS = 30_000;

export interface Trees {
  /** Ends what is marked with this session, and the tree of `root`; resolves with how many processes there were. */
  end(session_id: string, root: number | null): Promise<number>;
  /** Of this home server, and of no session of these. */
  strays(live: readonly string[]): Promise<Stray[]>;
  /** True too when only asking there could tell. */
  runs(pid: number): boolean;
  foreign(facts: PaneFacts, program: string | null): boolean | null;
}

/** `home`: what the children of this home server are marked with. */
export function treesOn(host: Host, home: string, clock: Clock): Trees {
  return host.local ? treesHere(home, clock) : treesThere(host, home);
}

function treesHere(home: string, clock: Clock): Trees {
  return {
    end: (session_id, root) => endTree({ root, mark: [`${SESSION_MARK}=${session_id}`] }, clock),
    strays: (live) => straysOf(home, live),
    runs: isRunning,
    foreign({ pid }) {
      const info = lookAt(pid);
      return info === null || info.foreground <= 0 ? null : info.foreground !== info.group;
    },
  };
}

function treesThere(host: Host, home: string): Trees {
  return {
    async end(session_id, root) {
      const { stdout } = await host.run(['sh', '-c', END_TREE, 'sh', `${SESSION_MARK}=${session_id}`, root === null ? '' : String(root)], {
        timeoutMs: END_MS,
      });
      return Number.parseInt(stdout.toString(), 10) || 0;
    },
    async strays(live) {
      const { stdout } = await host.run(['sh', '-c', FIND_MARKED, 'sh', `${HOME_MARK}=${home}`, `${SESSION_MARK}=`], { timeoutMs: END_MS });
      return stdout
        .toString()
        .split('\n')
        .flatMap((line) => {
          const [, pid, session_id, command = ''] = /^(\d+) (\S+) ?(.*)$/.exec(line) ?? [];
          return pid === undefined || session_id === undefined || live.includes(session_id)
            ? []
            : [{ session_id, pid: Number(pid), command: command.trim() }];
        });
    },
    runs: () => true,
    foreign: ({ command }, program) => (program === null || command === '' ? null : command !== program),
  };
}
