import { CipherState } from './cipher-state.ts';
import type { DhKeyPair, Primitives } from './primitives.ts';

/** The Noise Protocol Framework, revision 34, for 25519, ChaChaPoly and SHA256 (https://noiseprotocol.org/noise.html). */

type Token = 'e' | 's' | 'ee' | 'es' | 'se' | 'ss' | 'psk';
interface Pattern {
  /** The initiator knows the responder's static key beforehand (`<- s` before the dots). */
  responderKnown: boolean;
  messages: readonly (readonly Token[])[];
}

/** Only XKpsk3 is used; its relatives keep the machine honest against the published vectors. */
const PATTERNS = {
  XK: {
    responderKnown: true,
    messages: [
      ['e', 'es'],
      ['e', 'ee'],
      ['s', 'se'],
    ],
  },
  XKpsk3: {
    responderKnown: true,
    messages: [
      ['e', 'es'],
      ['e', 'ee'],
      ['s', 'se', 'psk'],
    ],
  },
  IK: {
    responderKnown: true,
    messages: [
      ['e', 'es', 's', 'ss'],
      ['e', 'ee', 'se'],
    ],
  },
  IKpsk2: {
    responderKnown: true,
    messages: [
      ['e', 'es', 's', 'ss'],
      ['e', 'ee', 'se', 'psk'],
    ],
  },
  XX: { responderKnown: false, messages: [['e'], ['e', 'ee', 's', 'es'], ['s', 'se']] },
  XXpsk3: { responderKnown: false, messages: [['e'], ['e', 'ee', 's', 'es'], ['s', 'se', 'psk']] },
} as const satisfies Record<string, Pattern>;
export type PatternName = keyof typeof PATTERNS;

const KEY_BYTES = 32;
const NO_BYTES = new Uint8Array(0);

export interface HandshakeOptions {
  pattern: PatternName;
  role: 'initiator' | 'responder';
  primitives: Primitives;
  prologue: Uint8Array;
  staticKey: DhKeyPair;
  /** 32 bytes; the initiator of a K pattern must have it. */
  remoteStatic?: Uint8Array;
  /** Asked once, when the pattern comes to `psk`; by then a pattern of ours has decrypted the other side's static key. 32 bytes. */
  psk?: (remoteStatic: Uint8Array) => Uint8Array;
  /** For test vectors only; else fresh. */
  ephemeralKey?: DhKeyPair;
}

/**
 * One handshake. Messages are written and read in turn, each whole; the first that fails ends it, and everything after throws.
 * `read` and `write` are asynchronous because a Diffie-Hellman key may be (WebCrypto).
 */
export class Handshake {
  readonly #options: HandshakeOptions;
  readonly #symmetric: SymmetricState;
  readonly #initiator: boolean;
  readonly #messages: readonly (readonly Token[])[];
  #next = 0;
  #failed = false;
  #ephemeral: DhKeyPair | null;
  #remoteEphemeral: Uint8Array | null = null;
  #remoteStatic: Uint8Array | null;

  constructor(options: HandshakeOptions) {
    const pattern: Pattern = PATTERNS[options.pattern];
    this.#options = options;
    this.#initiator = options.role === 'initiator';
    this.#messages = pattern.messages;
    this.#ephemeral = options.ephemeralKey ?? null;
    this.#remoteStatic = options.remoteStatic ?? null;
    if (this.#remoteStatic !== null) assertPublicKey(this.#remoteStatic);
    this.#symmetric = new SymmetricState(options.primitives, `Noise_${options.pattern}_25519_ChaChaPoly_SHA256`);
    this.#symmetric.mixHash(options.prologue);
    if (pattern.responderKnown) this.#symmetric.mixHash(this.#initiator ? this.#known(this.#remoteStatic) : options.staticKey.publicKey);
  }

  /** All messages have passed: `split` may be called. */
  get done(): boolean {
    return !this.#failed && this.#next === this.#messages.length;
  }

  /** The handshake hash h so far; final, and the same on both sides, once `done`. */
  get hash(): Uint8Array {
    return this.#symmetric.h.slice();
  }

  /** The other side's static key, once decrypted. */
  get remoteStatic(): Uint8Array | null {
    return this.#remoteStatic;
  }

  write(payload: Uint8Array): Promise<Uint8Array> {
    return this.#turn(this.#initiator ? 0 : 1, async (tokens) => {
      const parts: Uint8Array[] = [];
      for (const token of tokens) parts.push(await this.#writeToken(token));
      parts.push(this.#symmetric.encryptAndHash(payload));
      return concat(...parts);
    });
  }

  /** Gives the payload. Throws on anything the other side cannot have meant: a bad tag, a short message, a bad point. */
  read(message: Uint8Array): Promise<Uint8Array> {
    return this.#turn(this.#initiator ? 1 : 0, async (tokens) => {
      let rest = message;
      for (const token of tokens) rest = await this.#readToken(token, rest);
      return this.#symmetric.decryptAndHash(rest);
    });
  }

  /** The two transport ciphers. */
  split(): { send: CipherState; receive: CipherState } {
    if (!this.done) throw new Error('The handshake is not finished.');
    const [first, second] = this.#symmetric.split();
    return this.#initiator ? { send: first, receive: second } : { send: second, receive: first };
  }

  async #turn(parity: 0 | 1, act: (tokens: readonly Token[]) => Promise<Uint8Array>): Promise<Uint8Array> {
    const tokens = this.#messages[this.#next];
    if (this.#failed || tokens === undefined || this.#next % 2 !== parity) throw new Error('Handshake message out of turn.');
    // Until this message has passed as a whole nothing else may be read or written.
    this.#failed = true;
    const result = await act(tokens);
    this.#failed = false;
    this.#next++;
    return result;
  }

  async #writeToken(token: Token): Promise<Uint8Array> {
    if (token === 'e') {
      this.#ephemeral ??= await this.#options.primitives.generateKeyPair();
      this.#mixEphemeral(this.#ephemeral.publicKey);
      return this.#ephemeral.publicKey;
    }
    if (token === 's') return this.#symmetric.encryptAndHash(this.#options.staticKey.publicKey);
    await this.#mixToken(token);
    return NO_BYTES;
  }

  async #readToken(token: Token, message: Uint8Array): Promise<Uint8Array> {
    if (token === 'e') {
      this.#remoteEphemeral = assertPublicKey(message.slice(0, KEY_BYTES));
      this.#mixEphemeral(this.#remoteEphemeral);
      return message.subarray(KEY_BYTES);
    }
    if (token === 's') {
      const length = KEY_BYTES + this.#symmetric.tagBytes;
      this.#remoteStatic = assertPublicKey(this.#symmetric.decryptAndHash(message.subarray(0, length)));
      return message.subarray(length);
    }
    await this.#mixToken(token);
    return message;
  }

  async #mixToken(token: Exclude<Token, 'e' | 's'>): Promise<void> {
    if (token === 'psk') {
      const psk = this.#options.psk?.(this.#known(this.#remoteStatic));
      if (psk?.length !== KEY_BYTES) throw new Error('A psk has 32 bytes.');
      this.#symmetric.mixKeyAndHash(psk);
      return;
    }
    // First letter: the initiator's key, second: the responder's.
    const [mine, theirs] = this.#initiator ? [token[0], token[1]] : [token[1], token[0]];
    const own = mine === 'e' ? this.#known(this.#ephemeral) : this.#options.staticKey;
    const other = this.#known(theirs === 'e' ? this.#remoteEphemeral : this.#remoteStatic);
    this.#symmetric.mixKey(await own.dh(other));
  }

  /** In a psk pattern e also goes into the key (section 9.2), so that a psk never encrypts without fresh randomness. */
  #mixEphemeral(publicKey: Uint8Array): void {
    this.#symmetric.mixHash(publicKey);
    if (this.#usesPsk()) this.#symmetric.mixKey(publicKey);
  }

  #usesPsk(): boolean {
    return this.#messages.some((tokens) => tokens.includes('psk'));
  }

  #known<T>(value: T | null): T {
    if (value === null) throw new Error('The pattern needs a key that is not known.');
    return value;
  }
}

/** Chaining key, hash and the cipher that protects handshake messages (section 5.2). */
class SymmetricState {
  h: Uint8Array;
  readonly #primitives: Primitives;
  #ck: Uint8Array;
  #cipher: CipherState | null = null;

  constructor(primitives: Primitives, protocolName: string) {
    const name = new TextEncoder().encode(protocolName);
    this.#primitives = primitives;
    this.h = name.length <= 32 ? concat(name, new Uint8Array(32 - name.length)) : primitives.sha256(name);
    this.#ck = this.h.slice();
  }

  get tagBytes(): number {
    return this.#cipher === null ? 0 : 16;
  }

  mixHash(data: Uint8Array): void {
    this.h = this.#primitives.sha256(this.h, data);
  }

  mixKey(material: Uint8Array): void {
    const [ck, key] = this.#hkdf(material);
    this.#ck = ck;
    this.#cipher = new CipherState(this.#primitives, key);
  }

  mixKeyAndHash(material: Uint8Array): void {
    const [ck, hash, key] = this.#hkdf(material);
    this.#ck = ck;
    this.mixHash(hash);
    this.#cipher = new CipherState(this.#primitives, key);
  }

  encryptAndHash(plaintext: Uint8Array): Uint8Array {
    const sealed = this.#cipher === null ? plaintext : this.#cipher.seal(this.h, plaintext);
    this.mixHash(sealed);
    return sealed;
  }

  decryptAndHash(ciphertext: Uint8Array): Uint8Array {
    const opened = this.#cipher === null ? ciphertext : this.#cipher.open(this.h, ciphertext);
    this.mixHash(ciphertext);
    return opened;
  }

  split(): [CipherState, CipherState] {
    const [first, second] = this.#hkdf(NO_BYTES);
    return [new CipherState(this.#primitives, first), new CipherState(this.#primitives, second)];
  }

  /** HKDF of section 4.3: always three outputs here, the third unused by most callers. */
  #hkdf(material: Uint8Array): [Uint8Array, Uint8Array, Uint8Array] {
    const { hmacSha256 } = this.#primitives;
    const temp = hmacSha256(this.#ck, material);
    const first = hmacSha256(temp, Uint8Array.of(1));
    const second = hmacSha256(temp, first, Uint8Array.of(2));
    return [first, second, hmacSha256(temp, second, Uint8Array.of(3))];
  }
}

/**
 * Refuses what RFC 7748 would quietly reduce modulo 2^255 - 19: two encodings of one key are one too many. Points of low order
 * give an all-zero secret, which the primitives refuse.
 */
function assertPublicKey(key: Uint8Array): Uint8Array {
  if (key.length !== KEY_BYTES) throw new Error('A public key has 32 bytes.');
  const last = key[31] as number;
  const allOnes = last === 0x7f && key.subarray(1, 31).every((byte) => byte === 0xff);
  if (last > 0x7f || (allOnes && (key[0] as number) >= 0xed)) throw new Error('The public key is not in canonical form.');
  return key;
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
