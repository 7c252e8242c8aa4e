/**
 * Looks after the string sequences (OSC, DCS, SOS, PM, APC; ECMA-48, xterm "Control Sequences") in what a program prints, before a
 * terminal reads it: whole kinds are taken out, and one without an end takes no room. Everything else passes as it is, however the bytes
 * are cut. Written with ESC or as a C1 character in UTF-8, with control characters in between: a terminal reads them all, so this does.
 */
const BEL = 0x07;
const CAN = 0x18;
const SUB = 0x1a;
const ESC = 0x1b;
const DEL = 0x7f;
const BACKSLASH = 0x5c;
/** First byte of the C1 characters in UTF-8, and of others up to U+00BF. */
const C1_LEAD = 0xc2;
const C1_ST = 0x9c;

export type StringKind = 'osc' | 'dcs' | 'other';
/** What begins a string: the byte after ESC, and after 0xC2. */
const AFTER_ESC: Readonly<Record<number, StringKind>> = { 93: 'osc', 80: 'dcs', 88: 'other', 94: 'other', 95: 'other' };
const AFTER_LEAD: Readonly<Record<number, StringKind>> = { 157: 'osc', 144: 'dcs', 152: 'other', 158: 'other', 159: 'other' };

/** So much of a string's beginning is enough for every rule. */
const HEAD_BYTES = 32;

export interface StringRules {
  /**
   * Whether a string is taken out, by its beginning without control characters; asked again with more of it as long as the answer is
   * null. With `whole` there is no more, and null counts as false.
   */
  drop(kind: StringKind, head: string, whole: boolean): boolean | null;
  /** A longer string is broken off, as if it had never been there. */
  maxBytes: number;
}

/** The number of an OSC; null while it may go on. A string without a number is -1. */
export function oscNumber(head: string, whole: boolean): number | null {
  const digits = /^\d*/.exec(head)![0];
  if (digits.length === head.length && !whole && digits.length < HEAD_BYTES) return null;
  return digits === '' ? -1 : Number(digits);
}

type State = 'ground' | 'escape' | 'head' | 'pass' | 'drop';

export class TerminalStrings {
  readonly #rules: StringRules;
  #state: State = 'ground';
  /** The string that an ESC has just ended was taken out: so is the backslash of its ST. */
  #dropped = false;
  /** The last byte was 0xC2, and is held. */
  #lead = false;
  #kind: StringKind = 'other';
  #opener: readonly number[] = [];
  #head: number[] = [];
  /** Bytes of the present string. */
  #length = 0;
  #out: Uint8Array = new Uint8Array(0);
  #at = 0;

  constructor(rules: StringRules) {
    this.#rules = rules;
  }

  /** What may be shown now. What is held back is no longer than the beginning of a string. */
  push(bytes: Uint8Array): Uint8Array {
    if (this.#state === 'ground' && !this.#lead && !bytes.includes(ESC) && !bytes.includes(C1_LEAD)) return bytes;
    this.#out = new Uint8Array(bytes.length + HEAD_BYTES + 8);
    this.#at = 0;
    for (const byte of bytes) this.#take(byte);
    return this.#out.subarray(0, this.#at);
  }

  #take(byte: number): void {
    if (this.#lead) {
      this.#lead = false;
      this.#afterLead(byte);
    } else if (byte === C1_LEAD) {
      if (this.#state === 'escape') this.#leaveEscape();
      this.#lead = true;
    } else if (this.#state === 'ground') {
      if (byte !== ESC) this.#emit(byte);
      else {
        this.#dropped = false;
        this.#state = 'escape';
      }
    } else if (this.#state === 'escape') this.#afterEscape(byte);
    else this.#inString(byte);
  }

  #afterLead(byte: number): void {
    const inString = this.#state !== 'ground';
    if (inString && byte === C1_ST) this.#end([C1_LEAD, C1_ST]);
    else if (!inString && AFTER_LEAD[byte] !== undefined) this.#begin(AFTER_LEAD[byte], [C1_LEAD, byte]);
    else if (byte === ESC || byte === C1_LEAD || byte < 0x80) {
      // no character: the lead byte stands alone
      this.#put(C1_LEAD);
      this.#take(byte);
    } else {
      this.#put(C1_LEAD);
      this.#put(byte);
    }
  }

  #afterEscape(byte: number): void {
    const kind = AFTER_ESC[byte];
    if (kind !== undefined) this.#begin(kind, [ESC, byte]);
    else if (byte === ESC) this.#dropped = false;
    else if (byte === CAN || byte === SUB) {
      this.#state = 'ground';
      this.#emit(byte);
    } else if (byte < 0x20)
      // done at once by a terminal, in the middle of the sequence
      this.#emit(byte);
    else if (byte !== DEL) {
      if (this.#dropped && byte === BACKSLASH) this.#state = 'ground';
      else {
        this.#leaveEscape();
        this.#emit(byte);
      }
    }
  }

  #leaveEscape(): void {
    this.#state = 'ground';
    this.#emit(ESC);
  }

  #begin(kind: StringKind, opener: readonly number[]): void {
    this.#state = 'head';
    this.#kind = kind;
    this.#opener = opener;
    this.#head = [];
    this.#length = 0;
  }

  #inString(byte: number): void {
    if (byte === ESC) {
      this.#settle();
      this.#dropped = this.#state === 'drop';
      this.#state = 'escape';
    } else if (byte === CAN || byte === SUB || (byte === BEL && this.#kind === 'osc')) this.#end([byte]);
    else this.#put(byte);
  }

  /** A string ends with these bytes. */
  #end(terminator: readonly number[]): void {
    this.#settle();
    if (this.#state === 'pass') for (const byte of terminator) this.#emit(byte);
    this.#state = 'ground';
  }

  /** The string is over before its rule knew enough. */
  #settle(): void {
    if (this.#state === 'head') this.#decide(this.#rules.drop(this.#kind, this.#text(), true) === true);
  }

  /** A byte that belongs to what goes on. */
  #put(byte: number): void {
    if (this.#state === 'ground') this.#emit(byte);
    else if (this.#state === 'head') this.#more(byte);
    else if (this.#state === 'pass') {
      this.#length += 1;
      if (this.#length <= this.#rules.maxBytes) this.#emit(byte);
      else {
        this.#emit(CAN);
        this.#state = 'drop';
      }
    }
  }

  /** A terminal takes no notice of control characters inside of a string. */
  #more(byte: number): void {
    if (byte < 0x20) return;
    this.#head.push(byte);
    const full = this.#head.length >= HEAD_BYTES;
    const drop = this.#rules.drop(this.#kind, this.#text(), full);
    if (drop !== null || full) this.#decide(drop === true);
  }

  #decide(drop: boolean): void {
    this.#state = drop ? 'drop' : 'pass';
    if (drop) return;
    for (const byte of this.#opener) this.#emit(byte);
    for (const byte of this.#head) this.#emit(byte);
    this.#length = this.#head.length;
  }

  #text(): string {
    return String.fromCharCode(...this.#head);
  }

  #emit(byte: number): void {
    this.#out[this.#at] = byte;
    this.#at += 1;
  }
}
