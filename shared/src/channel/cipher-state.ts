import type { Primitives } from './primitives.ts';

/** 2^64 - 1 is kept for rekeying (Noise specification, section 5.1), so no message may use it. */
export const LAST_NONCE = 2n ** 64n - 1n;
const NO_BYTES = new Uint8Array(0);
const ZEROS = new Uint8Array(32);

/** One key and its message counter (Noise specification, section 5.1). */
export class CipherState {
  readonly #primitives: Primitives;
  #key: Uint8Array;
  #n: bigint;

  /** `firstNonce` is 0 everywhere but in tests of the counter's end. */
  constructor(primitives: Primitives, key: Uint8Array, firstNonce = 0n) {
    this.#primitives = primitives;
    this.#key = key;
    this.#n = firstNonce;
  }

  /** Number of messages sealed or opened so far, rekeys notwithstanding. */
  get count(): bigint {
    return this.#n;
  }

  /** Throws once the counter is used up: it never wraps. */
  seal(ad: Uint8Array, plaintext: Uint8Array): Uint8Array {
    this.#assertNonceLeft();
    const sealed = this.#primitives.seal(this.#key, this.#n, ad, plaintext);
    this.#n++;
    return sealed;
  }

  /** Throws when the message was not sealed by the other side as its next one; the counter then stands still. */
  open(ad: Uint8Array, ciphertext: Uint8Array): Uint8Array {
    this.#assertNonceLeft();
    const opened = this.#primitives.open(this.#key, this.#n, ad, ciphertext);
    this.#n++;
    return opened;
  }

  /** REKEY() of the Noise specification, section 4.2: past messages stay closed to whoever learns the new key. */
  rekey(): void {
    const next = this.#primitives.seal(this.#key, LAST_NONCE, NO_BYTES, ZEROS).slice(0, 32);
    this.#key.fill(0);
    this.#key = next;
  }

  /** Forgets the key. */
  destroy(): void {
    this.#key.fill(0);
    this.#n = LAST_NONCE;
  }

  #assertNonceLeft(): void {
    if (this.#n >= LAST_NONCE) throw new Error('The cipher has no nonce left.');
  }
}
