/** How far back deflate can point (RFC 1951, section 2). */
const WINDOW_BYTES = 32 * 1024;

/**
 * The last 32 KiB that went through one deflate stream. Given to a one-shot call as its dictionary, they make it go on where the
 * stream stood: neither zlib in Node nor fflate offers a synchronous stream that can be flushed and is fast.
 */
export class DeflateHistory {
  readonly #bytes = new Uint8Array(2 * WINDOW_BYTES);
  #end = 0;

  /** A view that is good until the next `add`. Empty at first. */
  get window(): Uint8Array {
    return this.#bytes.subarray(Math.max(0, this.#end - WINDOW_BYTES), this.#end);
  }

  add(bytes: Uint8Array): void {
    const tail = bytes.subarray(Math.max(0, bytes.length - WINDOW_BYTES));
    if (this.#end + tail.length > this.#bytes.length) {
      this.#bytes.copyWithin(0, this.#end - WINDOW_BYTES, this.#end);
      this.#end = WINDOW_BYTES;
    }
    this.#bytes.set(tail, this.#end);
    this.#end += tail.length;
  }
}
