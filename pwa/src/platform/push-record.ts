/**
 * What the service worker leaves for the page, since only the page can reach home: the last notification that arrived. A database of
 * its own, so that the worker never opens the one with the keys.
 */
export interface Arrival {
  seq: number;
  kind: string;
  /** Unix ms of this device. */
  at: number;
}

export interface PushRecord {
  readArrival(): Promise<Arrival | null>;
  writeArrival(arrival: Arrival): Promise<void>;
  /** Forgets it, unless a newer one has arrived meanwhile. */
  clearArrival(at: number): Promise<void>;
}

const DATABASE = 'afield-push';
const STORE = 'facts';

/** One connection a call: calls are minutes apart, and an open one would stand in the way of deleting the site's data. */
export function openPushRecord(factory: IDBFactory = indexedDB): PushRecord {
  async function run<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    const opening = factory.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    const database = await done(opening);
    try {
      return await done(work(database.transaction(STORE, mode).objectStore(STORE)));
    } finally {
      database.close();
    }
  }
  const readArrival = async (): Promise<Arrival | null> => arrivalOf(await run('readonly', (store) => store.get('arrival')));

  return {
    readArrival,
    async writeArrival(arrival) {
      await run('readwrite', (store) => store.put(arrival, 'arrival'));
    },
    async clearArrival(at) {
      if ((await readArrival())?.at === at) await run('readwrite', (store) => store.delete('arrival'));
    },
  };
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Written by an older version, perhaps: read with care. */
function arrivalOf(value: unknown): Arrival | null {
  if (typeof value !== 'object' || value === null) return null;
  const { seq, kind, at } = value as Record<string, unknown>;
  return typeof seq === 'number' && typeof kind === 'string' && typeof at === 'number' ? { seq, kind, at } : null;
}
