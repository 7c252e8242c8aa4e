import { AfieldError } from '@afield/shared/errors.ts';
import { computed, createModel, signal } from '@preact/signals';
import type { StoredKey } from '../platform/device-key.ts';
import type { HomeRecord, HomeStore } from '../platform/store.ts';

/** What a pairing link says, before anything is sent. */
export interface PairingOffer {
  room: Uint8Array;
  server_key: Uint8Array;
  ticket_id: Uint8Array;
  /** q: the ticket's secret. */
  secret: Uint8Array;
  /** Unix ms of home's clock. */
  expires_at: number;
  relay_url: string;
  home_id: string;
  /** The server key's fingerprint, as home shows it. */
  fingerprint: string;
}

/** The established pairing handshake, just before msg3 reveals this device. */
export interface PairingEstablished {
  device_psk: Uint8Array;
  check: string;
}

/** How the model reads links and shakes hands; given by the app. */
export interface PairingDoor {
  /** Throws `bad_request` with a sentence for the person. */
  read(link: string): PairingOffer;
  /**
   * Dials the relay, shakes hands and waits for home's welcome; then hangs up. `save` runs before msg3 is sent; if it fails nothing
   * is revealed. Throws `AfieldError`: `unauthenticated` when the ticket was refused.
   */
  pair(
    offer: PairingOffer,
    options: { label: string; key: StoredKey; save(established: PairingEstablished): Promise<void> },
  ): Promise<void>;
  /** An ordinary handshake with a stored record, then hangs up: did home take the pairing although its answer was lost? */
  verify(record: HomeRecord): Promise<void>;
}

export type PairingStep = 'link' | 'server' | 'check';

export interface PairingDependencies {
  door: PairingDoor;
  store: Pick<HomeStore, 'savePairing' | 'finishPairing' | 'dropPairing'>;
  createKey(): Promise<StoredKey>;
  defaultLabel: string;
  now(): number;
  /** Home has answered: the app opens this home. */
  onPaired(record: HomeRecord): void;
}

/** Longest label, in characters; the handshake has room for 64 bytes. */
export const MAX_LABEL_CHARS = 40;

const REFUSED =
  'Home did not take this code. It may be used up, more than two minutes old, or replaced by a newer one. Type “afield pair” at home for a new one.';

function sentence(error: unknown): string {
  if (!(error instanceof AfieldError)) return 'Pairing did not work here. Load the page again and use a new code.';
  return error.code === 'unauthenticated' ? REFUSED : error.message;
}

/** A host as it stands in a URL, for the eye: nothing that could pass for another part of it. */
export function relayHost(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}

/** The three steps of pairing: a link, the server it names, the number that both show. */
export const PairingModel = createModel((deps: PairingDependencies) => {
  const step = signal<PairingStep>('link');
  const offer = signal<PairingOffer | null>(null);
  const label = signal(deps.defaultLabel);
  const busy = signal(false);
  const error = signal<string | null>(null);
  const check = signal<string | null>(null);
  const softwareKey = signal(false);
  /** A person said "not the same": what to do now. */
  const stopped = signal(false);

  function reset(): void {
    step.value = 'link';
    offer.value = null;
    error.value = null;
    check.value = null;
    busy.value = false;
    stopped.value = false;
  }

  function offerLink(link: string): void {
    reset();
    try {
      offer.value = deps.door.read(link.trim());
      step.value = 'server';
    } catch (cause) {
      error.value = sentence(cause);
    }
  }

  /** True when home took the pairing after all, although its answer never came. */
  async function repaired(record: HomeRecord): Promise<boolean> {
    try {
      await deps.door.verify(record);
      return true;
    } catch (cause) {
      // Not reachable is no answer: the record stays and the next start asks again.
      if (cause instanceof AfieldError && cause.code === 'unauthenticated') await deps.store.dropPairing();
      return false;
    }
  }

  async function finish(record: HomeRecord): Promise<void> {
    await deps.store.finishPairing(record);
    check.value = record.check;
    softwareKey.value = record.key.kind === 'software';
    step.value = 'check';
    deps.onPaired(record);
  }

  async function handshake(from: PairingOffer): Promise<void> {
    const key = await deps.createKey();
    let saved: HomeRecord | null = null;
    const save = async (established: PairingEstablished): Promise<void> => {
      const { room, server_key, relay_url, home_id } = from;
      const created_at = new Date(deps.now()).toISOString();
      const record = { home_id, server_key, room, relay_url, key, label: label.peek().trim(), created_at, ...established };
      await deps.store.savePairing(record);
      saved = record;
    };
    try {
      await deps.door.pair(from, { label: label.peek().trim(), key, save });
    } catch (cause) {
      if (saved === null || !(await repaired(saved))) throw cause;
    }
    if (saved !== null) await finish(saved);
  }

  async function connect(): Promise<void> {
    const from = offer.peek();
    if (from === null || busy.peek()) return;
    if (from.expires_at <= deps.now()) {
      error.value = REFUSED;
      back();
      return;
    }
    busy.value = true;
    error.value = null;
    try {
      await handshake(from);
      offer.value = null;
    } catch (cause) {
      error.value = sentence(cause);
      if (cause instanceof AfieldError && cause.code === 'unauthenticated') back();
    } finally {
      busy.value = false;
    }
  }

  /** This link will never work: another is needed. */
  function back(): void {
    step.value = 'link';
    offer.value = null;
  }

  return {
    step,
    offer,
    label,
    busy,
    error,
    check,
    softwareKey,
    stopped,
    host: computed(() => (offer.value === null ? '' : relayHost(offer.value.relay_url))),
    /** A link from the address bar, a paste or the camera. Nothing is sent. */
    offerLink,
    connect,
    /** "Not the same, stop": forget the link. */
    stop() {
      reset();
      stopped.value = true;
    },
    reset,
    /** A pairing from an earlier visit whose digits nobody has compared. */
    showCheck(record: HomeRecord) {
      check.value = record.check;
      softwareKey.value = record.key.kind === 'software';
      step.value = 'check';
    },
    /** The page was closed between msg3 and its answer: ask home whether it took the pairing. */
    async resume(record: HomeRecord) {
      busy.value = true;
      if (await repaired(record)) await finish(record);
      busy.value = false;
    },
  };
});
export type Pairing = InstanceType<typeof PairingModel>;
