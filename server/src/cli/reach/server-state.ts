/** What the home server of this machine wrote about itself, as far as it is still true. */
import { readFileSync } from 'node:fs';
import type { ServerState } from '../../config.ts';
import { isAlive, processIdentity } from '../../process-identity.ts';

/** Null when none runs with this data folder: no file, or its process has ended, or another program got its number since. */
export function readState(file: string): ServerState | null {
  let found: Partial<ServerState> | null;
  try {
    found = JSON.parse(readFileSync(file, 'utf8')) as Partial<ServerState> | null;
  } catch {
    // missing or damaged: the same for us as not running
    return null;
  }
  if (found === null || !Number.isInteger(found.pid) || typeof found.url !== 'string') return null;
  const { pid, url, process = null, phase = 'ready', doing = null, socket = null, version = '', started_at = '', service = null } = found;
  // As earlier versions wrote it, some of this is missing.
  const state: ServerState = { pid: pid as number, process, phase, doing, url, socket, version, started_at, service };
  if (!isAlive(state.pid)) return null;
  return process === null || processIdentity(state.pid) === process ? state : null;
}
