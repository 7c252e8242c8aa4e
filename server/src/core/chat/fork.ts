/** What a fork takes over from the chat that it comes from. */
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { timestamp } from '../clock.ts';
import type { SessionDeps } from '../deps.ts';
import type { SessionRow } from '../ports.ts';
import { untouched } from '../sessions/untouched.ts';
import { isOpen, itemOf, rowOf } from './items.ts';
import { START_FILE } from './launch.ts';

/** The newest; what came before them is read in the other session. */
const MAX_ITEMS = 200;

/** Of a fork that was given none. */
export const forkName = ({ name }: Pick<SessionRow, 'name'>): string => `${name.slice(0, 95)} fork`;

/** A new session of the same agent, in the same place, chosen alike. */
export function forkRow(deps: Pick<SessionDeps, 'clock'>, of: SessionRow, id: string, name: string | undefined): SessionRow {
  return {
    ...of,
    ...untouched(timestamp(deps.clock)),
    id,
    name: name ?? forkName(of),
  };
}

/** Copies of its newest items that are complete. Approvals were asked there, and files lie there. */
export function copyItems({ store, newId }: SessionDeps, from: string, to: string): void {
  for (const row of store.chat.list({ session_id: from, limit: MAX_ITEMS }).reverse()) {
    const item = { ...itemOf(row), id: newId(), session_id: to };
    const open: boolean = isOpen(item);
    if (item.kind === 'approval' || open) continue;
    if (item.kind === 'message') {
      item.prompt_id = null;
      item.attachments = [];
    }
    store.chat.insert(rowOf(item, store.events.nextSeq()));
  }
}

/** Variables that were given for it alone. */
export async function copyGivenEnv(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  await copyFile(join(from, START_FILE), join(to, START_FILE)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}
