import { oscNumber, TerminalStrings } from '@afield/shared/link/terminal-strings.ts';

/** Links and colours; every other OSC (clipboard, title, notification, file …) ends at home (security.md E1, E3). */
const KEPT_OSC: ReadonlySet<number> = new Set([4, 8, 10, 11, 12, 104, 110, 111, 112]);
/** Longer than any link. */
const MAX_STRING_BYTES = 4 * 1024;

/**
 * Characters that turn the direction of the text around them, in UTF-8: they have no width in a terminal, but a browser that draws the
 * row would show a command in another order than it runs (Unicode Bidirectional Algorithm, section 2; security.md E5).
 */
const ARABIC_MARK = [0xd8, 0x9c];
const isTurn = (second: number, third: number): boolean =>
  second === 0x80 ? third === 0x8e || third === 0x8f || (third >= 0xaa && third <= 0xae) : third >= 0xa6 && third <= 0xa9;

/** What of a session's bytes reaches the terminal of this page. One for each stretch of bytes without a gap. */
export class TerminalBytes {
  readonly #strings = new TerminalStrings({
    drop(kind, head, whole) {
      if (kind !== 'osc') return true;
      const number = oscNumber(head, whole);
      return number === null ? null : !KEPT_OSC.has(number);
    },
    maxBytes: MAX_STRING_BYTES,
  });
  /** The beginning of what may become one of those characters. */
  #held: number[] = [];

  push(bytes: Uint8Array): Uint8Array {
    return this.#withoutTurns(this.#strings.push(bytes));
  }

  #withoutTurns(bytes: Uint8Array): Uint8Array {
    if (this.#held.length === 0 && !bytes.includes(0xe2) && !bytes.includes(0xd8)) return bytes;
    const out = new Uint8Array(this.#held.length + bytes.length);
    let at = 0;
    const give = (...some: number[]) => {
      for (const byte of some) out[at++] = byte;
    };
    for (const byte of bytes) {
      const [first, second] = this.#held;
      if (first === undefined) {
        if (byte === 0xe2 || byte === ARABIC_MARK[0]) this.#held = [byte];
        else give(byte);
      } else if (first === ARABIC_MARK[0]) {
        this.#held = [];
        if (byte !== ARABIC_MARK[1]) give(first, byte);
      } else if (second === undefined) {
        if (byte === 0x80 || byte === 0x81) this.#held = [first, byte];
        else {
          this.#held = [];
          give(first, byte);
        }
      } else {
        this.#held = [];
        if (!isTurn(second, byte)) give(first, second, byte);
      }
    }
    return out.subarray(0, at);
  }
}
