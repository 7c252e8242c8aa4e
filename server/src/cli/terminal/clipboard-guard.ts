/**
 * Takes out of a session's bytes what would write or read the clipboard of whoever is attached (OSC 52, xterm "Control Sequences").
 * Everything else passes as it is, however the bytes are cut.
 */
const ESC = 0x1b;
const BEL = 0x07;
/** `CAN` and `SUB` break a sequence off. */
const CANCELS: readonly number[] = [0x18, 0x1a];
const OPENER = Buffer.from('\x1b]52;');
const NOTHING = Buffer.alloc(0);

export class ClipboardGuard {
  /** The beginning of something that may become an OSC 52. */
  #held = NOTHING;
  #swallowing = false;
  /** While swallowing: the byte before was ESC, so that a backslash ends it. */
  #afterEsc = false;

  push(bytes: Uint8Array): Uint8Array {
    if (!this.#swallowing && this.#held.length === 0 && !bytes.includes(ESC)) return bytes;
    let rest: Buffer = Buffer.concat([this.#held, bytes]);
    this.#held = NOTHING;
    const kept: Buffer[] = [];
    for (;;) {
      if (this.#swallowing) rest = this.#swallow(rest);
      const at = rest.indexOf(OPENER);
      if (this.#swallowing || at === -1) break;
      kept.push(rest.subarray(0, at));
      rest = rest.subarray(at + OPENER.length);
      this.#swallowing = true;
      this.#afterEsc = false;
    }
    const held = this.#swallowing ? 0 : unfinished(rest);
    this.#held = Buffer.from(rest.subarray(rest.length - held));
    kept.push(rest.subarray(0, rest.length - held));
    return Buffer.concat(kept);
  }

  /** What comes after the sequence; empty while it goes on. */
  #swallow(bytes: Buffer): Buffer {
    for (const [index, byte] of bytes.entries()) {
      const ends = byte === BEL || CANCELS.includes(byte) || (this.#afterEsc && byte === 0x5c);
      // another sequence begins: the one before it was broken off
      const broken = this.#afterEsc && !ends;
      this.#afterEsc = byte === ESC;
      if (!ends && !broken) continue;
      this.#swallowing = false;
      return broken ? Buffer.concat([Buffer.from([ESC]), bytes.subarray(index)]) : bytes.subarray(index + 1);
    }
    return NOTHING;
  }
}

/** How many of the last bytes are a beginning of the opener. */
function unfinished(bytes: Buffer): number {
  for (let length = Math.min(OPENER.length - 1, bytes.length); length > 0; length--) {
    if (bytes.subarray(bytes.length - length).equals(OPENER.subarray(0, length))) return length;
  }
  return 0;
}
