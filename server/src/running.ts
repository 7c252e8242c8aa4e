/** What a running server writes about itself, for commands in other processes: gone again when it ends. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { DataFiles, ServerState } from './config.ts';
import { processIdentity } from './process-identity.ts';

export interface Notice {
  /** Writes what has changed. The first call makes the files. */
  tell(changes: Partial<ServerState>): void;
  /** Removes the files, if they were made. */
  withdraw(): void;
}

/** The database's lock says who may write here; these files only tell. Call `tell` only with that lock held. */
export function createNotice(
  files: Pick<DataFiles, 'pid' | 'state'>,
  given: Pick<ServerState, 'version' | 'started_at' | 'service'>,
): Notice {
  let state: ServerState = {
    pid: process.pid,
    process: processIdentity(process.pid),
    phase: 'starting',
    doing: null,
    url: '',
    socket: null,
    ...given,
  };
  let told = false;
  return {
    tell(changes) {
      state = { ...state, ...changes };
      try {
        if (!told) replace(files.pid, `${state.pid}\n`);
        replace(files.state, `${JSON.stringify(state)}\n`);
        told = true;
      } catch (error) {
        // A disk that is full later must not keep the server from working or from ending.
        if (!told) throw error;
      }
    },
    withdraw() {
      if (!told || readState(files.state)?.pid !== state.pid) return;
      told = false;
      rmSync(files.state, { force: true });
      rmSync(files.pid, { force: true });
    },
  };
}

/** Who wrote the file and still runs, for a person; null when nobody does. */
export function holderOf(file: string): string | null {
  const state = readState(file);
  if (state === null || (state.process !== null && processIdentity(state.pid) !== state.process)) return null;
  return `process ${state.pid}${state.url === '' ? '' : ` at ${state.url}`}, version ${state.version}`;
}

function readState(file: string): ServerState | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ServerState;
  } catch {
    return null;
  }
}

/** Whole or not at all, and not synced: after a power cut nobody must believe it anyway. */
function replace(file: string, text: string): void {
  const draft = `${file}.new`;
  rmSync(draft, { force: true });
  writeFileSync(draft, text, { mode: 0o600, flag: 'wx' });
  renameSync(draft, file);
}
