import { describe, expect, it } from 'vitest';
import { encodeFrame, FRAME_INPUT, FRAME_OUTPUT, FRAME_SNAPSHOT, type FrameKind } from '../link/frames.ts';
import type { Compression } from './primitives.ts';
import { FrameDeflater, FrameInflater, MAX_STREAM_WINDOWS } from './stream-windows.ts';

/** Marks every push with the window's number and its turn, and on the way back expects both ends to be at the same one. */
function countingCompression(): Compression & { opened: number } {
  const counting = {
    opened: 0,
    deflate: (bytes: Uint8Array) => bytes,
    inflate: (bytes: Uint8Array) => bytes,
    deflateStream() {
      const window = counting.opened++;
      let turn = 0;
      return { push: (bytes: Uint8Array) => Uint8Array.of(window, turn++, ...bytes) };
    },
    inflateStream() {
      let window: number | undefined;
      let turn = 0;
      return {
        push(bytes: Uint8Array) {
          window ??= bytes[0];
          if (bytes[0] !== window || bytes[1] !== turn++) throw new Error(`Window ${window} turn ${turn - 1} got ${bytes[0]} ${bytes[1]}.`);
          return bytes.slice(2);
        },
      };
    },
  };
  return counting;
}

function ends() {
  const compression = countingCompression();
  const deflater = new FrameDeflater(compression);
  const inflater = new FrameInflater(compression);
  const pass = (kind: FrameKind, stream: number, length = 300) => {
    const frame = encodeFrame({ kind, stream, offset: 5, bytes: new Uint8Array(length).fill(stream) });
    const { bytes, deflated } = deflater.push(frame);
    expect(inflater.push(bytes, deflated)).toEqual(frame);
    return { deflated, header: bytes.subarray(0, 13), mark: [...bytes.subarray(13, 15)] };
  };
  return { compression, deflater, inflater, pass };
}

describe('stream windows', () => {
  it('leave the header and short frames as they are', () => {
    const { pass } = ends();
    const { deflated, header } = pass(FRAME_OUTPUT, 0x01020304);
    expect(deflated).toBe(true);
    expect([...header]).toEqual([1, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 5]);
    expect(pass(FRAME_OUTPUT, 1, 239).deflated).toBe(false);
    expect(pass(FRAME_OUTPUT, 1, 240).deflated).toBe(true);
    expect(pass(FRAME_INPUT, 1, 5000).deflated).toBe(false);
  });

  it('are kept per stream, and begin anew with a snapshot, long or short', () => {
    const { pass } = ends();
    expect(pass(FRAME_SNAPSHOT, 1).mark).toEqual([0, 0]);
    expect(pass(FRAME_OUTPUT, 1).mark).toEqual([0, 1]);
    expect(pass(FRAME_OUTPUT, 2).mark).toEqual([1, 0]);
    expect(pass(FRAME_OUTPUT, 1).mark).toEqual([0, 2]);
    expect(pass(FRAME_SNAPSHOT, 1).mark).toEqual([2, 0]);
    expect(pass(FRAME_SNAPSHOT, 2, 10).deflated).toBe(false);
    expect(pass(FRAME_OUTPUT, 2).mark).toEqual([3, 0]);
  });

  it('are limited in number, and both ends forget the same one', () => {
    const { pass, compression } = ends();
    for (let stream = 0; stream < MAX_STREAM_WINDOWS; stream++) pass(FRAME_OUTPUT, stream);
    pass(FRAME_OUTPUT, 0);
    pass(FRAME_OUTPUT, MAX_STREAM_WINDOWS);
    expect(compression.opened).toBe(MAX_STREAM_WINDOWS + 1);
    // Stream 0 was used again, so it was stream 1 that had to go.
    expect(pass(FRAME_OUTPUT, 0).mark).toEqual([0, 2]);
    expect(pass(FRAME_OUTPUT, 1).mark).toEqual([MAX_STREAM_WINDOWS + 1, 0]);
    for (let round = 0; round < 500; round++) pass(FRAME_OUTPUT, (round * 7919) % 40);
  });

  it('refuse what no sender compresses', () => {
    const { inflater } = ends();
    expect(() => inflater.push(encodeFrame({ kind: FRAME_INPUT, stream: 1, offset: 0, bytes: new Uint8Array(300) }), true)).toThrow();
    expect(() => inflater.push(new Uint8Array(12).fill(1), true)).toThrow();
    expect(() => inflater.push(new Uint8Array(0), false)).toThrow();
  });

  it('without a deflate stream everything goes as it is', () => {
    const deflater = new FrameDeflater({ ...countingCompression(), deflateStream: null });
    const frame = encodeFrame({ kind: FRAME_OUTPUT, stream: 1, offset: 0, bytes: new Uint8Array(5000) });
    expect(deflater.push(frame)).toEqual({ bytes: frame, deflated: false });
  });
});
