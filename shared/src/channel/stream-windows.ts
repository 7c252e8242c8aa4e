import { FRAME_HEADER_BYTES, FRAME_OUTPUT, FRAME_SNAPSHOT } from '../link/frames.ts';
import type { Compression, DeflateStream, InflateStream } from './primitives.ts';
import { MAX_BODY_BYTES, MIN_RECORD_BYTES, RECORD_HEADER_BYTES } from './records.ts';

/**
 * Streams that keep a deflate window at once, in each direction: about 64 KiB each. Beyond that the one unused for longest starts
 * anew. Part of the protocol: both ends count the same frames and so forget the same window.
 */
export const MAX_STREAM_WINDOWS = 16;

/** A frame with fewer bytes fits the smallest record as it is: compressing it would save nothing on the wire. */
const MIN_DEFLATE_BYTES = MIN_RECORD_BYTES - RECORD_HEADER_BYTES - FRAME_HEADER_BYTES + 1;

/** The windows of one direction. A snapshot frame, compressed or not, ends its stream's window. */
class Windows<T> {
  readonly #open: () => T;
  /** In order of last use. */
  readonly #windows = new Map<number, T>();

  constructor(open: () => T) {
    this.#open = open;
  }

  /** For a compressed frame: the window it goes through. */
  of(frame: Uint8Array): T {
    this.forgetBefore(frame);
    const stream = streamOf(frame);
    const window = this.#windows.get(stream) ?? this.#open();
    this.#windows.delete(stream);
    this.#windows.set(stream, window);
    for (const oldest of this.#windows.keys()) {
      if (this.#windows.size <= MAX_STREAM_WINDOWS) break;
      this.#windows.delete(oldest);
    }
    return window;
  }

  /** For a frame sent as it is. */
  forgetBefore(frame: Uint8Array): void {
    if (frame[0] === FRAME_SNAPSHOT) this.#windows.delete(streamOf(frame));
  }
}

/** Compresses the bytes of output and snapshot frames; their headers, and all other frames, stay as they are. */
export class FrameDeflater {
  readonly #windows: Windows<DeflateStream> | null;

  constructor({ deflateStream }: Compression) {
    this.#windows = deflateStream === null ? null : new Windows(deflateStream);
  }

  push(frame: Uint8Array): { bytes: Uint8Array; deflated: boolean } {
    if (this.#windows === null || !hasScreen(frame)) return { bytes: frame, deflated: false };
    if (frame.length - FRAME_HEADER_BYTES < MIN_DEFLATE_BYTES) {
      this.#windows.forgetBefore(frame);
      return { bytes: frame, deflated: false };
    }
    const bytes = this.#windows.of(frame).push(frame.subarray(FRAME_HEADER_BYTES));
    return { bytes: withHeaderOf(frame, bytes), deflated: true };
  }
}

/** The other end of `FrameDeflater`. */
export class FrameInflater {
  readonly #windows: Windows<InflateStream>;

  constructor({ inflateStream }: Compression) {
    this.#windows = new Windows(inflateStream);
  }

  /** Throws on a frame shorter than its header, one that may not be compressed, damaged data, or more than 8 MiB. */
  push(frame: Uint8Array, deflated: boolean): Uint8Array {
    if (frame.length < FRAME_HEADER_BYTES) throw new Error('A stream frame is shorter than its header.');
    if (!deflated) {
      this.#windows.forgetBefore(frame);
      return frame;
    }
    if (!hasScreen(frame)) throw new Error('A compressed frame that is no output.');
    const bytes = this.#windows.of(frame).push(frame.subarray(FRAME_HEADER_BYTES), MAX_BODY_BYTES - FRAME_HEADER_BYTES);
    return withHeaderOf(frame, bytes);
  }
}

const hasScreen = (frame: Uint8Array): boolean => frame[0] === FRAME_OUTPUT || frame[0] === FRAME_SNAPSHOT;

const streamOf = (frame: Uint8Array): number => new DataView(frame.buffer, frame.byteOffset).getUint32(1);

function withHeaderOf(frame: Uint8Array, bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(FRAME_HEADER_BYTES + bytes.length);
  whole.set(frame.subarray(0, FRAME_HEADER_BYTES));
  whole.set(bytes, FRAME_HEADER_BYTES);
  return whole;
}
