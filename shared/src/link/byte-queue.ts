/** A gapless stretch of a byte log that waits to be sent. Keeps the chunks it is given, uncopied. */
export class ByteQueue {
  #chunks: Uint8Array[] = [];
  #start = 0;
  #length = 0;

  /** Position of the first byte. */
  get start(): number {
    return this.#start;
  }

  /** Position after the last byte. */
  get end(): number {
    return this.#start + this.#length;
  }

  get length(): number {
    return this.#length;
  }

  /** Empties it; what comes next starts at `start`. */
  reset(start: number): void {
    this.#chunks = [];
    this.#start = start;
    this.#length = 0;
  }

  /** Appends at `end`. */
  push(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#chunks.push(bytes);
    this.#length += bytes.length;
  }

  /** Forgets what lies before `offset`, which may lie beyond the end. */
  dropBelow(offset: number): void {
    if (offset >= this.end) this.reset(offset);
    else if (offset > this.#start) this.take(offset - this.#start);
  }

  /** Removes and returns the first bytes, at most `max`. A view when they lie in one chunk. */
  take(max: number): Uint8Array {
    const parts: Uint8Array[] = [];
    let wanted = Math.min(max, this.#length);
    this.#start += wanted;
    this.#length -= wanted;
    while (wanted > 0) {
      const chunk = this.#chunks[0] as Uint8Array;
      parts.push(chunk.subarray(0, wanted));
      if (chunk.length > wanted) this.#chunks[0] = chunk.subarray(wanted);
      else this.#chunks.shift();
      wanted -= Math.min(wanted, chunk.length);
    }
    return parts.length === 1 ? (parts[0] as Uint8Array) : joined(parts);
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
