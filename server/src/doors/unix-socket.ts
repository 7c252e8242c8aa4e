/** The door for this machine's own command line: a socket in a folder of ours, which no web page and no other user can reach. */
import { once } from 'node:events';
import { chmodSync, lstatSync, mkdirSync, unlinkSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';

/** Bytes of a path that fit into `sun_path` (unix(7); 104 with its end on macOS and the BSDs). */
const MAX_PATH_BYTES = process.platform === 'linux' ? 107 : 103;
/** A listener that is there takes a connection at once, also when it hangs. */
const PROBE_MS = 1_000;

export interface SocketPlace {
  path: string;
  /** Nobody else may even look into its folder; made when missing. Else it is enough that nobody else may write there. */
  secret: boolean;
}

/**
 * Listens at the first place that can be used, and resolves with it; null with the reasons when none can. A socket that nobody listens
 * on is removed; one that somebody listens on never. The file goes when the server is closed.
 */
export async function listenPrivately(server: Server, places: readonly SocketPlace[]): Promise<{ path: string | null; faults: string[] }> {
  const faults: string[] = [];
  for (const place of places) {
    const fault = await tryAt(server, place);
    if (fault === null) return { path: place.path, faults };
    faults.push(`${place.path}: ${fault}`);
  }
  return { path: null, faults };
}

/** Null when it listens there, else why not. */
async function tryAt(server: Server, { path: file, secret }: SocketPlace): Promise<string | null> {
  if (Buffer.byteLength(file) > MAX_PATH_BYTES) return `the path is longer than ${MAX_PATH_BYTES} bytes`;
  try {
    const fault = folderFault(path.dirname(file), secret) ?? (await clear(file));
    if (fault !== null) return fault;
    // The socket is made by `listen` itself, before it returns: so it is never open to others, not even for a moment.
    const mask = process.umask(0o177);
    try {
      server.listen(file);
    } finally {
      process.umask(mask);
    }
    await once(server, 'listening');
    chmodSync(file, 0o600);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

function folderFault(folder: string, secret: boolean): string | null {
  if (secret) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  if (!found.isDirectory()) return 'its folder is no folder';
  if (process.getuid !== undefined && found.uid !== process.getuid()) return 'its folder belongs to another user';
  return (found.mode & (secret ? 0o077 : 0o022)) === 0 ? null : 'its folder may be used by others';
}

/** Removes a socket that nobody listens on. Returns why the place is taken, or null. */
async function clear(file: string): Promise<string | null> {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found === undefined) return null;
  if (!found.isSocket()) return 'something that is no socket is there';
  if (await isListenedOn(file)) return 'another program listens there';
  unlinkSync(file);
  return null;
}

/** Only a refusal says that nobody is there; what does not answer may just be busy. */
function isListenedOn(file: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(file);
    const done = (alive: boolean) => {
      socket.destroy();
      resolve(alive);
    };
    socket.setTimeout(PROBE_MS, () => done(true));
    socket.once('connect', () => done(true));
    socket.once('error', ({ code }: NodeJS.ErrnoException) => done(code !== 'ECONNREFUSED' && code !== 'ENOENT'));
  });
}
