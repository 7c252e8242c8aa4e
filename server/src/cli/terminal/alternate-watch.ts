/** Whether the terminal shows its alternate screen, by the bytes that were written to it. */

const PRIVATE_MODE = Buffer.from('\x1b[?');
/** xterm's three ways to the alternate screen. */
const ALTERNATE = new Set(['47', '1047', '1049']);
/** Of a sequence that was cut by the end of a chunk, no more is kept: real ones are shorter. */
const MAX_KEPT_BYTES = 64;

const isParameter = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x3b;

export class AlternateWatch {
  alternate = false;
  #kept: Uint8Array = new Uint8Array(0);

  feed(chunk: Uint8Array): void {
    const bytes = this.#kept.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length) : Buffer.concat([this.#kept, chunk]);
    this.#kept = new Uint8Array(0);
    for (let at = bytes.indexOf(PRIVATE_MODE); at >= 0; at = bytes.indexOf(PRIVATE_MODE, at)) {
      const start = at + PRIVATE_MODE.length;
      let end = start;
      while (isParameter(bytes[end])) end++;
      if (end === bytes.length) {
        this.#keep(bytes, at);
        return;
      }
      this.#mode(bytes.toString('latin1', start, end), bytes[end] as number);
      at = end;
    }
    const last = bytes.lastIndexOf(0x1b);
    if (last >= 0 && bytes.length - last < PRIVATE_MODE.length) this.#keep(bytes, last);
  }

  #keep(bytes: Buffer, from: number): void {
    if (bytes.length - from <= MAX_KEPT_BYTES) this.#kept = Uint8Array.from(bytes.subarray(from));
  }

  #mode(parameters: string, final: number): void {
    const on = final === 0x68;
    if (!on && final !== 0x6c) return;
    if (parameters.split(';').some((mode) => ALTERNATE.has(mode))) this.alternate = on;
  }
}
