import type { Session } from '@afield/shared/api/sessions.ts';
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import { forgetComposedTexts } from './composed-text.ts';
import type { StoredKey } from './device-key.ts';

/** All that this device needs to reach one home server again. */
export interface HomeRecord {
  /** base64url of the server's public key: a home keeps its id when its relay or room changes. */
  home_id: string;
  server_key: Uint8Array;
  /** 32 bytes. */
  room: Uint8Array;
  relay_url: string;
  /** 32 bytes, from the pairing handshake. */
  device_psk: Uint8Array;
  key: StoredKey;
  /** How this device calls itself at home. */
  label: string;
  /** Six digits of the pairing handshake, until a person has compared them. */
  check: string | null;
  /** ISO 8601 UTC. */
  created_at: string;
}

/** What was last seen of a home, so that the app opens without a connection. */
export interface Snapshot {
  home_id: string;
  sessions: Session[];
  /** Sequence number of the last event that went into it. */
  last_seq: number;
  /** When home was last heard, unix ms of this device. */
  seen_at: number;
}

interface Schema extends DBSchema {
  homes: { key: string; value: HomeRecord };
  /** A pairing whose last answer has not come: kept apart, so that a refused one never costs a home that works. */
  pairings: { key: string; value: HomeRecord };
  snapshots: { key: string; value: Snapshot };
  preferences: { key: string; value: unknown };
}

/** The preference under which messages wait that home does not have yet. They go with the home. */
export const OUTBOX = 'outbox';
/** The preference with those that home took, and whose end this device has not seen. They go with the home too. */
export const FOLLOWED = 'followed';

/** As many sessions as a snapshot keeps: some 500 kB at most. */
export const MAX_SNAPSHOT_SESSIONS = 200;

export interface HomeStore {
  /** In the order in which they were paired. */
  listHomes(): Promise<HomeRecord[]>;
  saveHome(home: HomeRecord): Promise<void>;
  /** Removes the keys and everything known of that home. */
  forgetHome(homeId: string): Promise<void>;
  /** Before msg3 is sent (docs/protocol.md, section 2), so that a lost reply is repaired by an ordinary handshake. */
  savePairing(home: HomeRecord): Promise<void>;
  loadPairing(): Promise<HomeRecord | null>;
  /** Home has answered: the pairing becomes the home, in one transaction; other homes go. */
  finishPairing(home: HomeRecord): Promise<void>;
  dropPairing(): Promise<void>;
  loadSnapshot(homeId: string): Promise<Snapshot | null>;
  saveSnapshot(snapshot: Snapshot): Promise<void>;
  /** Undefined when it was never written. */
  readPreference(name: string): Promise<unknown>;
  writePreference(name: string, value: unknown): Promise<void>;
}

/**
 * The database of this origin. Another tab with a newer version makes this one close its connection and open again with the
 * next call, so that an update never waits.
 */
export function openStore(name = 'afield'): HomeStore {
  let opening: Promise<IDBPDatabase<Schema>> | null = null;
  const database = (): Promise<IDBPDatabase<Schema>> => {
    opening ??= openDatabase(name, () => {
      opening = null;
    });
    return opening;
  };

  return {
    async listHomes() {
      const homes = await (await database()).getAll('homes');
      return homes.sort((a, b) => a.created_at.localeCompare(b.created_at));
    },
    async saveHome(home) {
      await (await database()).put('homes', home);
    },
    async forgetHome(homeId) {
      forgetComposedTexts();
      const tx = (await database()).transaction(['homes', 'snapshots', 'preferences'], 'readwrite');
      const gone = [tx.objectStore('homes').delete(homeId), tx.objectStore('snapshots').delete(homeId)];
      const kept = [OUTBOX, FOLLOWED].map((name) => tx.objectStore('preferences').delete(name));
      await Promise.all([...gone, ...kept, tx.done]);
    },
    async savePairing(home) {
      const tx = (await database()).transaction('pairings', 'readwrite', { durability: 'strict' });
      await Promise.all([tx.store.clear(), tx.store.put(home), tx.done]);
    },
    async loadPairing() {
      return (await (await database()).getAll('pairings'))[0] ?? null;
    },
    async finishPairing(home) {
      const stores = ['homes', 'pairings', 'snapshots', 'preferences'] as const;
      const tx = (await database()).transaction(stores, 'readwrite', { durability: 'strict' });
      const homes = tx.objectStore('homes');
      const others = (await homes.getAllKeys()).filter((id) => id !== home.home_id);
      const gone = others.flatMap((id) => [homes.delete(id), tx.objectStore('snapshots').delete(id)]);
      if (others.length > 0) gone.push(...[OUTBOX, FOLLOWED].map((name) => tx.objectStore('preferences').delete(name)));
      await Promise.all([...gone, homes.put(home), tx.objectStore('pairings').clear(), tx.done]);
    },
    async dropPairing() {
      await (await database()).clear('pairings');
    },
    async loadSnapshot(homeId) {
      return (await (await database()).get('snapshots', homeId)) ?? null;
    },
    async saveSnapshot(snapshot) {
      await (await database()).put('snapshots', { ...snapshot, sessions: snapshot.sessions.slice(0, MAX_SNAPSHOT_SESSIONS) });
    },
    async readPreference(key) {
      return (await database()).get('preferences', key);
    },
    async writePreference(key, value) {
      await (await database()).put('preferences', value, key);
    },
  };
}

function openDatabase(name: string, onGone: () => void): Promise<IDBPDatabase<Schema>> {
  const opening = openDB<Schema>(name, 1, {
    upgrade(db) {
      for (const store of ['homes', 'pairings', 'snapshots'] as const) db.createObjectStore(store, { keyPath: 'home_id' });
      db.createObjectStore('preferences');
    },
    blocking(_current, _blocked, event) {
      (event.target as IDBDatabase).close();
      onGone();
    },
    terminated: onGone,
  });
  opening.catch(onGone);
  return opening;
}

/** Asks the browser not to throw the keys away when space is short. It may say no; then a long absence means pairing again. */
export async function keepStored(): Promise<boolean> {
  try {
    return (await navigator.storage?.persist?.()) ?? false;
  } catch {
    return false; // a private window refuses; the keys then live as long as it does
  }
}
