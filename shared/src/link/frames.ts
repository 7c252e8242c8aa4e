import { AfieldError } from '../errors.ts';

/** Kinds of binary stream frames (protocol 3.2). */
export const FRAME_OUTPUT = 1;
export const FRAME_INPUT = 2;
/** The whole screen as escape sequences for an emptied terminal; what follows continues at `offset`. */
export const FRAME_SNAPSHOT = 3;
export type FrameKind = typeof FRAME_OUTPUT | typeof FRAME_INPUT | typeof FRAME_SNAPSHOT;

/** kind u8 | stream u32 | offset u64, big-endian. */
export const FRAME_HEADER_BYTES = 13;

export interface StreamFrame {
  kind: FrameKind;
  stream: number;
  /** Position in the session's byte log: of the first byte (output), or after the last one shown (snapshot). 0 for input. */
  offset: number;
  bytes: Uint8Array;
}

export function encodeFrame({ kind, stream, offset, bytes }: StreamFrame): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + bytes.length);
  const view = new DataView(frame.buffer);
  view.setUint8(0, kind);
  view.setUint32(1, stream);
  view.setBigUint64(5, BigInt(offset));
  frame.set(bytes, FRAME_HEADER_BYTES);
  return frame;
}

/** The bytes are a view into `frame`. Throws `bad_request` on a short frame, an unknown kind or an offset above 2^53. */
export function decodeFrame(frame: Uint8Array): StreamFrame {
  if (frame.length < FRAME_HEADER_BYTES) throw new AfieldError('bad_request', 'A stream frame is shorter than its header.');
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const kind = view.getUint8(0);
  const offset = Number(view.getBigUint64(5));
  if (kind < FRAME_OUTPUT || kind > FRAME_SNAPSHOT) throw new AfieldError('bad_request', `Stream frame of unknown kind ${kind}.`);
  if (!Number.isSafeInteger(offset)) throw new AfieldError('bad_request', 'Stream frame with an impossible offset.');
  return { kind: kind as FrameKind, stream: view.getUint32(1), offset, bytes: frame.subarray(FRAME_HEADER_BYTES) };
}
