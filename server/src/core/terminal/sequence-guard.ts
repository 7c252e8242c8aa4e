/**
 * Cuts a terminal's bytes only where a terminal is between two characters or sequences, so that a snapshot taken after what was let
 * through and the bytes that follow fit together (ECMA-48; the string types as xterm reads them).
 */
const ESC = 0x1b;
const BEL = 0x07;
const CAN = 0x18;
const SUB = 0x1a;
const BACKSLASH = 0x5c;

/** An unfinished sequence is held back up to this length; real ones (titles, links) are shorter. */
const HELD_BYTES = 4 * 1024;
const NOTHING = Buffer.alloc(0);

type StringKind = 'osc' | 'other';
/** `end`: index after the sequence, or -1 while it is unfinished. */
interface Found {
  end: number;
  string: StringKind | null;
}

export class SequenceGuard {
  #held = NOTHING;
  /** Set while an endless string is thrown away: its kind. */
  #swallowing: StringKind | null = null;

  /** Bytes that are kept back: the beginning of something unfinished. */
  get heldBytes(): Buffer {
    return this.#held;
  }

  /** What brings another terminal into the state in which the bytes go on: empty, or the beginning of a string without an effect. */
  get opener(): string {
    if (this.#swallowing === null) return '';
    return this.#swallowing === 'osc' ? '\x1b]9999;' : '\x1bX';
  }

  /** Gives what may be parsed now. A string sequence (OSC, DCS, …) without an end is dropped: nobody shows 4 KiB of a title. */
  push(bytes: Buffer): Buffer {
    const data = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    this.#held = NOTHING;
    const start = this.#swallowing === null ? 0 : this.#swallow(data, this.#swallowing);
    if (start === data.length || this.#swallowing !== null) return NOTHING;

    let at = data.indexOf(ESC, start);
    while (at !== -1) {
      const found = sequenceAt(data, at);
      if (found.end === -1) return this.#hold(data, start, at, found.string);
      at = data.indexOf(ESC, found.end);
    }
    return this.#hold(data, start, data.length - unfinishedCharacter(data), null);
  }

  #hold(data: Buffer, start: number, from: number, string: StringKind | null): Buffer {
    const rest = data.subarray(from);
    if (rest.length <= HELD_BYTES) {
      this.#held = rest.length === 0 ? NOTHING : Buffer.from(rest);
      return data.subarray(start, from);
    }
    if (string === null) return data.subarray(start);
    this.#swallowing = string;
    if (data[data.length - 1] === ESC) this.#held = Buffer.of(ESC);
    return data.subarray(start, from);
  }

  /** Index at which the thrown-away string is over; `data.length` when it is not. */
  #swallow(data: Buffer, kind: StringKind): number {
    const end = stringEnd(data, 0, kind);
    if (end !== -1) {
      this.#swallowing = null;
      return end;
    }
    if (data[data.length - 1] === ESC) this.#held = Buffer.of(ESC);
    return data.length;
  }
}

function sequenceAt(data: Buffer, at: number): Found {
  const kind = data[at + 1];
  switch (kind) {
    case undefined:
      return { end: -1, string: null };
    case ESC:
      return { end: at + 1, string: null };
    case 0x5b: // [
      return { end: controlEnd(data, at + 2, 0x40), string: null };
    case 0x5d: // ]
      return { end: stringEnd(data, at + 2, 'osc'), string: 'osc' };
    case 0x50: // P, X, ^, _
    case 0x58:
    case 0x5e:
    case 0x5f:
      return { end: stringEnd(data, at + 2, 'other'), string: 'other' };
    default:
      return { end: kind >= 0x20 && kind <= 0x2f ? controlEnd(data, at + 2, 0x30) : at + 2, string: null };
  }
}

/** A control or escape sequence ends with its final byte (`lowest` to 0x7e), is cut off by CAN or SUB, or by the next ESC. */
function controlEnd(data: Buffer, from: number, lowest: number): number {
  for (let i = from; i < data.length; i++) {
    const byte = data[i]!;
    if ((byte >= lowest && byte <= 0x7e) || byte === CAN || byte === SUB) return i + 1;
    if (byte === ESC) return i;
  }
  return -1;
}

/** A string ends with ST (ESC \), an OSC also with BEL; CAN, SUB and any other escape sequence cut it off. */
function stringEnd(data: Buffer, from: number, kind: StringKind): number {
  for (let i = from; i < data.length; i++) {
    const byte = data[i]!;
    if (byte === CAN || byte === SUB || (byte === BEL && kind === 'osc')) return i + 1;
    if (byte !== ESC) continue;
    if (i + 1 === data.length) return -1;
    return data[i + 1] === BACKSLASH ? i + 2 : i;
  }
  return -1;
}

/** Bytes of a UTF-8 character (RFC 3629) that has begun at the end of `data` and is not whole; 0 when there is none. */
function unfinishedCharacter(data: Buffer): number {
  for (let back = 1; back <= Math.min(3, data.length); back++) {
    const byte = data[data.length - back]!;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? back : 0;
  }
  return 0;
}
