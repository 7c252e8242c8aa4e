import type { DhKeyPair } from '@afield/shared/channel/primitives.ts';
import { generateStoredKeyPair, type StoredKeyPair, storedKeyPair } from '@afield/shared/channel/webcrypto-key.ts';

/**
 * The key that names this device. `webcrypto`: made inside the browser, which gives it to nobody, not even to this page.
 * `software`: plain bytes, for browsers without X25519 in WebCrypto and for pages without a secure context.
 */
export type StoredKey = { kind: 'webcrypto'; pair: StoredKeyPair } | { kind: 'software'; secret_key: Uint8Array };

/** A new key, locked into the browser where it can be. */
export async function createDeviceKey(): Promise<StoredKey> {
  try {
    return { kind: 'webcrypto', pair: await generateStoredKeyPair() };
  } catch {
    // no X25519 in this browser, or no secure context: a software key, which the screens call by its name
    return { kind: 'software', secret_key: crypto.getRandomValues(new Uint8Array(32)) };
  }
}

/** The stored key as the channel uses it. */
export async function openDeviceKey(key: StoredKey): Promise<DhKeyPair> {
  if (key.kind === 'webcrypto') return storedKeyPair(key.pair);
  const { softwareKeyPair } = await import('@afield/shared/channel/noble-primitives.ts');
  return softwareKeyPair(key.secret_key);
}
