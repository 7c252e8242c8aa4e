/** Programs that were left over: ours, but of no session that runs. */
import { ENDED } from '@afield/shared/api/sessions.ts';
import type { SessionDeps } from '../deps.ts';
import type { Machine, Stray } from '../machine-ports.ts';

export interface FoundStray extends Stray {
  machine: string;
}

/** On all machines that can be reached now. `live`: sessions that run, or are about to. */
export async function findStrays(deps: SessionDeps, live: readonly string[]): Promise<FoundStray[]> {
  const found = await Promise.all(reachable(deps).map((machine) => straysOn(deps, machine, live)));
  return found.flat();
}

/** Ends what `findStrays` finds; tells what that was. */
export async function reapStrays(deps: SessionDeps, live: readonly string[]): Promise<FoundStray[]> {
  const found = await findStrays(deps, live);
  for (const machine of new Set(found.map((stray) => stray.machine))) {
    const ids = found.flatMap((stray) => (stray.machine === machine && stray.session_id !== null ? [stray.session_id] : []));
    const runtime = await deps.machines.runtime(machine);
    await runtime.reap([...new Set(ids)]);
  }
  return found;
}

/** A prefix runs its terminals on the home server, which is looked at anyway. */
function reachable({ machines }: SessionDeps): Machine[] {
  return machines.list().filter(({ kind, line }) => kind !== 'prefix' && line.state === 'up');
}

async function straysOn(deps: SessionDeps, { name }: Machine, live: readonly string[]): Promise<FoundStray[]> {
  try {
    const runtime = await deps.machines.runtime(name);
    const strays = await runtime.strays(live);
    return strays.filter(({ session_id }) => isOver(deps, session_id)).map((stray) => ({ ...stray, machine: name }));
  } catch (error) {
    deps.warn(`Strays on ${name} could not be looked for.`, error);
    return [];
  }
}

/** False for a session that is not over, whatever the runtime thinks: its program is never a stray. */
function isOver({ store }: SessionDeps, session_id: string | null): boolean {
  const row = session_id === null ? null : store.sessions.get(session_id);
  return row === null || ENDED.has(row.status);
}

export function straysText(strays: readonly FoundStray[]): string {
  const some = strays
    .slice(0, 5)
    .map(({ machine, pid, command }) => `${command} (${pid} on ${machine})`)
    .join(', ');
  const more = strays.length > 5 ? ` and ${strays.length - 5} more` : '';
  return `Programs of sessions that are over still run: ${some}${more}.`;
}
