/**
 * Cryptography and compression that the channel needs, passed in so that browser and server each bring their own
 * (@noble and fflate; node:crypto and zlib). Both sides give the same bytes for the same input, compression aside, where each
 * reads what the other wrote.
 */
export interface Primitives {
  /** Fresh random bytes. */
  random(length: number): Uint8Array;
  sha256(...parts: Uint8Array[]): Uint8Array;
  hmacSha256(key: Uint8Array, ...parts: Uint8Array[]): Uint8Array;
  /** A fresh X25519 key (RFC 7748). */
  generateKeyPair(): Promise<DhKeyPair> | DhKeyPair;
  /** ChaCha20-Poly1305 (RFC 8439), nonce = 4 zero bytes | n u64 little-endian (Noise section 12). Ciphertext, then 16 bytes of tag. */
  seal(key: Uint8Array, n: bigint, ad: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** Throws when the tag does not fit. */
  open(key: Uint8Array, n: bigint, ad: Uint8Array, ciphertext: Uint8Array): Uint8Array;
  compression: Compression;
}

/** A Diffie-Hellman key whose private half may live where it cannot be read (WebCrypto, non-extractable). */
export interface DhKeyPair {
  readonly publicKey: Uint8Array;
  /** X25519. Throws (or rejects) when the result is all zeros: the other key is a point of low order. */
  dh(theirs: Uint8Array): Promise<Uint8Array> | Uint8Array;
}

export interface Compression {
  /** Raw deflate (RFC 1951) of one whole body. */
  deflate(bytes: Uint8Array): Uint8Array;
  /** Throws when the result would exceed `maxBytes`, without ever holding much more than that; also on damaged or cut input. */
  inflate(bytes: Uint8Array, maxBytes: number): Uint8Array;
  /** One kept window; every call returns all of its input, sync-flushed. Null where nothing can do that: frames then go as they are. */
  deflateStream: (() => DeflateStream) | null;
  inflateStream(): InflateStream;
}

export interface DeflateStream {
  push(bytes: Uint8Array): Uint8Array;
}

export interface InflateStream {
  /** Throws as `inflate` does; the stream is then of no more use. */
  push(bytes: Uint8Array, maxBytes: number): Uint8Array;
}
