import { AfieldError } from '../errors.ts';
import type { CipherState } from './cipher-state.ts';
import type { Compression } from './primitives.ts';
import { type Body, encodeBody, MAX_BODY_BYTES, RECORD, Reassembly } from './records.ts';
import { FrameDeflater, FrameInflater } from './stream-windows.ts';

/** Each direction changes its key after this many records: whoever takes a key learns little of what went before. */
export const REKEY_RECORDS = 1024n;
/** Longer link messages are compressed, each alone, so that secrets and an agent's text never share a window. */
const MAX_PLAIN_MESSAGE_BYTES = 1024;

const NO_AD = new Uint8Array(0);
const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Turns what the link says into sealed records, to be sent in this order. Throws `too_large` above 8 MiB, and can go on. */
export class RecordSealer {
  readonly #cipher: CipherState;
  readonly #compression: Compression;
  readonly #deflater: FrameDeflater;

  constructor(cipher: CipherState, compression: Compression) {
    this.#cipher = cipher;
    this.#compression = compression;
    this.#deflater = new FrameDeflater(compression);
  }

  message(text: string): Uint8Array[] {
    const bytes = utf8.encode(text);
    assertFits(bytes);
    const deflated = bytes.length > MAX_PLAIN_MESSAGE_BYTES ? this.#compression.deflate(bytes) : bytes;
    if (deflated.length < bytes.length) return this.#seal({ type: RECORD.message, deflated: true, bytes: deflated });
    return this.#seal({ type: RECORD.message, deflated: false, bytes });
  }

  frame(frame: Uint8Array): Uint8Array[] {
    assertFits(frame);
    return this.#seal({ type: RECORD.frame, ...this.#deflater.push(frame) });
  }

  padding(bytes: Uint8Array): Uint8Array[] {
    return this.#seal({ type: RECORD.padding, deflated: false, bytes });
  }

  goodbye(): Uint8Array[] {
    return this.#seal({ type: RECORD.goodbye, deflated: false, bytes: NO_AD });
  }

  #seal(body: Body): Uint8Array[] {
    const sealed: Uint8Array[] = [];
    for (const record of encodeBody(body)) {
      sealed.push(this.#cipher.seal(NO_AD, record));
      if (this.#cipher.count % REKEY_RECORDS === 0n) this.#cipher.rekey();
    }
    return sealed;
  }
}

function assertFits(bytes: Uint8Array): void {
  if (bytes.length > MAX_BODY_BYTES) throw new AfieldError('too_large', 'A message may have 8 MiB. Ask for less at once.');
}

export type Opened = { kind: 'message'; text: string } | { kind: 'frame'; frame: Uint8Array } | { kind: 'goodbye' } | { kind: 'nothing' };

/** The other end of `RecordSealer`. After the first throw it must not be used again. */
export class RecordOpener {
  readonly #cipher: CipherState;
  readonly #compression: Compression;
  readonly #inflater: FrameInflater;
  readonly #reassembly = new Reassembly();

  constructor(cipher: CipherState, compression: Compression) {
    this.#cipher = cipher;
    this.#compression = compression;
    this.#inflater = new FrameInflater(compression);
  }

  /** Gives what the record completes; null while a body goes on. Throws on anything that no honest end would have sent. */
  open(sealed: Uint8Array): Opened | null {
    const record = this.#cipher.open(NO_AD, sealed);
    if (this.#cipher.count % REKEY_RECORDS === 0n) this.#cipher.rekey();
    const body = this.#reassembly.add(record);
    return body === null ? null : this.#read(body);
  }

  #read({ type, deflated, bytes }: Body): Opened {
    if (type === RECORD.message) {
      return { kind: 'message', text: strictUtf8.decode(deflated ? this.#compression.inflate(bytes, MAX_BODY_BYTES) : bytes) };
    }
    if (type === RECORD.frame) return { kind: 'frame', frame: this.#inflater.push(bytes, deflated) };
    if (deflated) throw new Error('Only messages and frames are compressed.');
    return { kind: type === RECORD.goodbye ? 'goodbye' : 'nothing' };
  }
}
