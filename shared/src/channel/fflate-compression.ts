import { deflateSync, Inflate, inflateSync } from 'fflate';
import { DeflateHistory } from './deflate-history.ts';
import { concat } from './noise.ts';
import type { Compression, InflateStream } from './primitives.ts';

/** The fast end: a link message is compressed while somebody waits for it. */
const DEFLATE_LEVEL = 3;
/** Deflate expands at most 1,032 times, so one slice of input gives at most 4 MiB before the limit is looked at again. */
const SLICE_BYTES = 4096;
/** Room for what a stream's push usually inflates to (16 KiB, or a screen), used again and again: a new one each time took longer than the work. */
const scratch = new Uint8Array(128 * 1024);
/** Input that cannot keep the fast way busy for long, whatever it holds. */
const MAX_FAST_BYTES = 64 * 1024;
/** An empty last block: makes a whole deflate stream of a part that ends in a sync flush. */
const LAST_BLOCK = Uint8Array.of(1, 0, 0, 0xff, 0xff);

/** In slices, so that a bomb is noticed before it has gone off. */
function inflateBounded(inflate: Inflate, bytes: Uint8Array, maxBytes: number): Uint8Array {
  const chunks: Uint8Array[] = [];
  let length = 0;
  inflate.ondata = (chunk) => {
    length += chunk.length;
    if (length > maxBytes) throw new RangeError(`Inflates to more than ${maxBytes} bytes.`);
    chunks.push(chunk);
  };
  for (let at = 0; at < bytes.length; at += SLICE_BYTES)
    inflate.push(bytes.subarray(at, at + SLICE_BYTES), at + SLICE_BYTES >= bytes.length);
  return concat(...chunks);
}

/** Null when it cannot tell: fflate cuts what does not fit into `out` without a word, or throws. The bounded way then decides. */
function inflateFast(bytes: Uint8Array, dictionary: Uint8Array): Uint8Array | null {
  if (bytes.length > MAX_FAST_BYTES) return null;
  try {
    const inflated = inflateSync(bytes, { out: scratch, dictionary });
    return inflated.length < scratch.length ? inflated.slice() : null;
  } catch {
    return null;
  }
}

function inflateStream(): InflateStream {
  const history = new DeflateHistory();
  return {
    push(bytes, maxBytes) {
      const whole = concat(bytes, LAST_BLOCK);
      const dictionary = history.window;
      const inflated = inflateFast(whole, dictionary) ?? inflateBounded(new Inflate({ dictionary }), whole, maxBytes);
      if (inflated.length > maxBytes) throw new RangeError(`Inflates to more than ${maxBytes} bytes.`);
      history.add(inflated);
      return inflated;
    },
  };
}

/** For browsers: a few kilobytes of script instead of native code. */
export const fflateCompression: Compression = {
  deflate: (bytes) => deflateSync(bytes, { level: DEFLATE_LEVEL }),
  inflate(bytes, maxBytes) {
    if (bytes.length === 0) throw new Error('No deflate data.');
    return inflateBounded(new Inflate(), bytes, maxBytes);
  },
  // fflate 0.8.3 ends a sync flush with a broken block, and a device sends no output that would need one.
  deflateStream: null,
  inflateStream,
};
