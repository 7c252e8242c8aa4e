import { MAX_FRAME_BYTES } from '../rendezvous.ts';

/** Record types (docs/protocol.md, section 2). */
export const RECORD = {
  /** A JSON envelope of the link. */
  message: 1,
  /** A binary stream frame of the link. */
  frame: 2,
  /** Says nothing: keeps a line alive or hides sizes. */
  padding: 3,
  /** The last record: the other side ends the channel on purpose. */
  goodbye: 4,
  /** Kept for the announcement of the server's next key; read and ignored. */
  keyNotice: 5,
} as const;
export type RecordType = (typeof RECORD)[keyof typeof RECORD];
const HIGHEST_TYPE = RECORD.keyNotice;

const MORE = 1;
const DEFLATE = 2;
/** type u8 | flags u8 | body length u16. */
export const RECORD_HEADER_BYTES = 4;
const TAG_BYTES = 16;
/** Largest plaintext of one Noise message. */
const MAX_RECORD_BYTES = MAX_FRAME_BYTES - TAG_BYTES;
/** Body of one record: 65,515. */
export const MAX_RECORD_BODY_BYTES = MAX_RECORD_BYTES - RECORD_HEADER_BYTES;
/** Smallest plaintext: a key stroke looks like any other short message. */
export const MIN_RECORD_BYTES = 256;
/** Largest body, reassembled, deflated or not. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024;

export interface Body {
  type: RecordType;
  deflated: boolean;
  bytes: Uint8Array;
}

/**
 * Padmé: a length is rounded up so that it reveals at most O(log log length) bits, for at most 12 % more bytes (Nikitin et al.,
 * "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs", section 4.4).
 */
export function paddedLength(length: number): number {
  if (length <= MIN_RECORD_BYTES) return MIN_RECORD_BYTES;
  const exponent = 31 - Math.clz32(length);
  const kept = 32 - Math.clz32(exponent);
  const mask = 2 ** (exponent - kept) - 1;
  return Math.min((length + mask) & ~mask, MAX_RECORD_BYTES);
}

/** The padded plaintexts of one body, in order: all but the last full and marked MORE. */
export function* encodeBody({ type, deflated, bytes }: Body): Generator<Uint8Array> {
  let at = 0;
  do {
    const part = bytes.subarray(at, at + MAX_RECORD_BODY_BYTES);
    at += part.length;
    const record = new Uint8Array(paddedLength(RECORD_HEADER_BYTES + part.length));
    record[0] = type;
    record[1] = (at < bytes.length ? MORE : 0) | (deflated ? DEFLATE : 0);
    record[2] = part.length >> 8;
    record[3] = part.length & 0xff;
    record.set(part, RECORD_HEADER_BYTES);
    yield record;
  } while (at < bytes.length);
}

/** Puts bodies together again. Anything that `encodeBody` cannot have written throws. */
export class Reassembly {
  #parts: Uint8Array[] = [];
  #length = 0;
  #type = 0;
  #flags = 0;

  /** Gives the body that this record completes, or null while there is more to come. Keeps views of `record`. */
  add(record: Uint8Array): Body | null {
    const type = record[0];
    const flags = record[1];
    if (record.length < MIN_RECORD_BYTES || type === undefined || flags === undefined) throw new Error('The record is too short.');
    if (type < RECORD.message || type > HIGHEST_TYPE || flags > (MORE | DEFLATE)) throw new Error('Unknown record type or flag.');
    const length = ((record[2] as number) << 8) | (record[3] as number);
    const end = RECORD_HEADER_BYTES + length;
    if (end > record.length) throw new Error('The body is longer than its record.');
    for (let at = end; at < record.length; at++) if (record[at] !== 0) throw new Error('Padding that is not zero.');
    return this.#join(type as RecordType, flags, record.subarray(RECORD_HEADER_BYTES, end));
  }

  #join(type: RecordType, flags: number, part: Uint8Array): Body | null {
    if (this.#parts.length > 0 && (type !== this.#type || (flags & DEFLATE) !== this.#flags)) throw new Error('A body within a body.');
    const more = (flags & MORE) !== 0;
    // Only full records may go on: a flood of tiny parts would cost more to hold than its bytes.
    if (more && part.length !== MAX_RECORD_BODY_BYTES) throw new Error('A part that goes on is not full.');
    if (this.#parts.length > 0 && part.length === 0) throw new Error('An empty part.');
    if (this.#length + part.length > MAX_BODY_BYTES) throw new Error('The body is too long.');
    this.#type = type;
    this.#flags = flags & DEFLATE;
    this.#parts.push(part);
    this.#length += part.length;
    return more ? null : this.#complete(type);
  }

  #complete(type: RecordType): Body {
    let bytes = this.#parts[0] as Uint8Array;
    if (this.#parts.length > 1) {
      bytes = new Uint8Array(this.#length);
      let at = 0;
      for (const part of this.#parts) {
        bytes.set(part, at);
        at += part.length;
      }
    }
    this.#parts = [];
    this.#length = 0;
    return { type, deflated: this.#flags !== 0, bytes };
  }
}
