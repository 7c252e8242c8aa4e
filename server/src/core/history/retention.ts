/** What is to be deleted: by age and by size, and only of sessions that are over and not pinned. */
import { setImmediate as othersFirst } from 'node:timers/promises';
import type { LogStore, SessionStore } from '../ports.ts';
import type { FolderSize } from '../recording/archive.ts';

const DAY_MS = 24 * 3_600_000;
const PAGE = 200;
/** What an entry takes in the database, with its place in the indexes: measured with a million of them. */
const ENTRY_BYTES = 250;
const TEXT_FACTOR = 1.5;

export interface Bounds {
  /** Sessions that ended before this time go whole; null: however old. In ms since 1970. */
  endedBefore: number | null;
  /** Recordings and database together; 0: however large. */
  bytes: number;
}
export interface Doomed {
  session_id: string;
  name: string;
  ended_at: string;
  what: 'session' | 'recording';
  /** What is freed. */
  bytes: number;
  entries: number;
}

interface Candidate {
  session_id: string;
  name: string;
  ended_at: string;
  size: FolderSize;
  entries: number;
  logBytes: number;
}

export const beforeDays = (now: number, days: number): number | null => (days === 0 ? null : now - days * DAY_MS);

/**
 * The same for a dry run and for a run. Oldest first: what is too old goes whole; then, while too much is kept, recordings; then whole
 * sessions. `kept`: bytes of everything now. `sizeOf`: of the folder of a session.
 */
export async function planPruning(
  store: { sessions: Pick<SessionStore, 'ended'>; logs: Pick<LogStore, 'sums'> },
  sizeOf: (session_id: string) => Promise<FolderSize>,
  { endedBefore, bytes: bound }: Bounds,
  kept: number,
): Promise<Doomed[]> {
  const old: Doomed[] = [];
  const rest: Candidate[] = [];
  for await (const candidate of candidates(store, sizeOf)) {
    if (endedBefore !== null && Date.parse(candidate.ended_at) < endedBefore) old.push(whole(candidate));
    else if (bound > 0) rest.push(candidate);
    else break;
  }
  let over = bound === 0 ? 0 : kept - bound - old.reduce((sum, { bytes }) => sum + bytes, 0);
  const large = new Map<string, Doomed>();
  for (const candidate of rest) {
    if (over <= 0) break;
    if (candidate.size.recording === 0) continue;
    large.set(candidate.session_id, { ...whole(candidate), what: 'recording', bytes: candidate.size.recording, entries: 0 });
    over -= candidate.size.recording;
  }
  for (const candidate of rest) {
    if (over <= 0) break;
    const doomed = whole(candidate);
    over -= doomed.bytes - (large.get(candidate.session_id)?.bytes ?? 0);
    large.set(candidate.session_id, doomed);
  }
  return [...old, ...rest.flatMap(({ session_id }) => large.get(session_id) ?? [])];
}

async function* candidates(
  store: { sessions: Pick<SessionStore, 'ended'>; logs: Pick<LogStore, 'sums'> },
  sizeOf: (session_id: string) => Promise<FolderSize>,
): AsyncGenerator<Candidate> {
  for (let after: { ended_at: string; id: string } | null = null; ; ) {
    const rows = store.sessions.ended(after, PAGE);
    for (const { id, name, ended_at } of rows) {
      const { entries, bytes } = store.logs.sums(id);
      yield {
        session_id: id,
        name,
        ended_at: ended_at!,
        size: await sizeOf(id),
        entries,
        logBytes: entries * ENTRY_BYTES + bytes * TEXT_FACTOR,
      };
      after = { ended_at: ended_at!, id };
    }
    if (rows.length < PAGE) return;
    await othersFirst();
  }
}

function whole({ session_id, name, ended_at, size, entries, logBytes }: Candidate): Doomed {
  return { session_id, name, ended_at, what: 'session', bytes: Math.round(size.recording + size.rest + logBytes), entries };
}
