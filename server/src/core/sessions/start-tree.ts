/** A session's directory as it was, to compare with later. Nobody waits long for it. */
import type { SessionDeps } from '../deps.ts';
import { inTime } from '../in-time.ts';
import type { SessionRow } from '../ports.ts';

const PATIENCE_MS = 2_000;

/** Null when that cannot be told soon. */
export function treeInTime(
  { snapshots, clock }: Pick<SessionDeps, 'snapshots' | 'clock'>,
  at: { machine: string; cwd: string },
): Promise<string | null> {
  return inTime(clock, PATIENCE_MS, () => snapshots.take(at.machine, at.cwd));
}

/** Of a session that starts at the same time. */
export function keepStartTree(deps: SessionDeps, row: SessionRow): void {
  treeInTime(deps, row)
    .then((start_tree) => {
      if (start_tree === null) return;
      row.start_tree = start_tree;
      deps.store.sessions.update(row.id, { start_tree });
    })
    .catch((error: unknown) => deps.warn(`What the directory of session ${row.id} holds could not be remembered.`, error));
}
