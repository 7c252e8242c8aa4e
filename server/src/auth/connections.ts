import type { Connection } from '@afield/shared/api/system.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { PipeEnd } from '@afield/shared/link/pipe.ts';
import type { Identity } from '../core/identity.ts';

/** One live way in, as its door sees it. */
export interface LiveConnection {
  readonly id: string;
  readonly identity: Identity;
  readonly door: Connection['door'];
  /** ISO 8601. */
  readonly since: string;
  /** Sessions that it watches now. */
  sessions(): string[];
  bytesQueued(): number;
  /** Ends it at once: nothing is sent after this returns. */
  end(reason: PipeEnd): void;
}

/** Link connections and event streams of one identity at the same time: a phone needs two, a desk one for each attached terminal. */
export const MAX_CONNECTIONS_PER_IDENTITY = 64;

/** Who is connected now. The one place that can cut somebody off. */
export class Connections {
  readonly #live = new Map<string, LiveConnection>();

  /** Errors: `too_many`. Returns the removal, which may be called twice. */
  add(connection: LiveConnection): () => void {
    const key = keyOf(connection.identity);
    let same = 0;
    for (const other of this.#live.values()) if (keyOf(other.identity) === key) same++;
    if (same >= MAX_CONNECTIONS_PER_IDENTITY) {
      throw new AfieldError('too_many', `${connection.identity.device_name} has ${same} open connections. Close some, then try again.`);
    }
    this.#live.set(connection.id, connection);
    return () => {
      this.#live.delete(connection.id);
    };
  }

  get size(): number {
    return this.#live.size;
  }

  list(): Connection[] {
    return [...this.#live.values()].map((connection) => ({
      id: connection.id,
      device_id: connection.identity.device_id,
      device_name: connection.identity.device_name,
      door: connection.door,
      since: connection.since,
      sessions: connection.sessions(),
      bytes_queued: connection.bytesQueued(),
    }));
  }

  online(device_id: string): boolean {
    for (const { identity } of this.#live.values()) if (identity.device_id === device_id) return true;
    return false;
  }

  endDevice(device_id: string, reason: PipeEnd): void {
    for (const connection of [...this.#live.values()]) if (connection.identity.device_id === device_id) connection.end(reason);
  }

  endAll(reason: PipeEnd): void {
    for (const connection of [...this.#live.values()]) connection.end(reason);
  }
}

/** All that limits count by: a device, or the token of the command line. */
export const keyOf = (identity: Identity) => identity.device_id ?? 'token';
