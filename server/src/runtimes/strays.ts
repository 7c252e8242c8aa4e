/** Programs of this home server that nobody looks after any more. */
import { SESSION_MARK, type Stray } from '../core/machine-ports.ts';
import { commandOf, markedWith, markOf } from './processes.ts';

/** Variable that tells whose home server a child belongs to. */
export const HOME_MARK = 'AFIELD_HOME_ID';

/** On this machine, those of no session of `live`. */
export async function straysOf(home: string, live: readonly string[]): Promise<Stray[]> {
  if (home === '') return [];
  const pids = await markedWith([`${HOME_MARK}=${home}`]);
  return pids.flatMap((pid) => {
    const session_id = markOf(pid, SESSION_MARK);
    return session_id === null || live.includes(session_id) ? [] : [{ session_id, pid, command: commandOf(pid) }];
  });
}
