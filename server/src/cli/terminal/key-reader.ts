/**
 * What the desk's terminal sends while a session is attached: keys go on to the session untouched, the detach keys are taken out,
 * and so are the terminal's answers to questions that the program asked. The home server answers those itself, once for all viewers;
 * and an answer is no typing, so it must not take the size of the terminal from whoever has it.
 */

const ESC = 0x1b;
/** Ctrl-\ detaches at once. */
const DETACH = 0x1c;
/**
 * Ctrl-b d detaches, Ctrl-b Ctrl-b sends one Ctrl-b, Ctrl-b with any other key sends both; but where a session of another size is
 * shown, Ctrl-b t takes the size, Ctrl-b with arrows pans, and Ctrl-b f goes back to the cursor.
 */
const PREFIX = 0x02;
const BACKSLASH = 92;
const LETTER_B = 98;
const LETTER_D = 100;
const LETTER_F = 102;
const LETTER_T = 116;

/** What a key asks of the viewer instead of the session. */
export type ViewerKey = 'take' | 'follow' | 'up' | 'down' | 'left' | 'right';
/** Arrow keys after their ESC, in either cursor mode, and as the kitty protocol writes them. */
const ARROW = /^(?:\[|O|\[1;1(?::[12])?)([ABCD])$/;
const ARROWS: Readonly<Record<string, ViewerKey>> = { A: 'up', B: 'down', C: 'right', D: 'left' };
/** After one step further arrows pan too, until a pause of so many ms or another key. */
const PAN_MS = 1000;

/** After its ESC. */
const PASTE_START = '[200~';
const PASTE_END = Buffer.from('\x1b[201~');

/** An escape sequence in pieces arrives whole within this time; after it the Escape key was meant. */
const SEQUENCE_MS = 50;
/** Pause in a paste without an end mark after which detach keys count again. */
const PASTE_MS = 1000;
/** No answer of a terminal is longer; whatever is goes on as keys. */
const MAX_SEQUENCE_BYTES = 4096;

/**
 * Answers of terminals, after their ESC: DA, CPR, DECRPM, DSR, window reports, kitty flags, DECREPTPARM.
 * CPR of row 1, columns 2 to 8, is also what F3 with modifiers sends: that stays.
 */
const REPORT = /^\[(?!1;[2-8]R)(?:[?>=][\d;:]*c|\??\d+;\d+(?:;\d+)?R|\??[\d;]*\$y|\?[\d;]*[nuS]|\d*n|[\d;:]+[tx])/;
/** Keys in the kitty protocol, and in xterm's modifyOtherKeys. */
const CSI_U = /^\[(\d+)(?::\d*)*(?:;(\d*)(?::(\d+))?)?(?:;[\d:]*)?u$/;
const MODIFY_OTHER_KEYS = /^\[27;(\d+);(\d+)~$/;

/** OSC, DCS and APC strings come from a terminal only as answers; without their end they were Alt with a character. */
function isReport(sequence: string): boolean {
  if (/^[\]P_]/.test(sequence)) return sequence.endsWith('\x07') || sequence.endsWith('\x1b\\');
  return REPORT.test(sequence);
}

interface Key {
  code: number;
  ctrl: boolean;
  bare: boolean;
  release: boolean;
}

/** A key in an encoding that agents switch on; caps lock and num lock do not count. */
function readKey(sequence: string): Key | null {
  const csiU = CSI_U.exec(sequence);
  const other = csiU === null ? MODIFY_OTHER_KEYS.exec(sequence) : null;
  if (csiU === null && other === null) return null;
  const code = Number(csiU?.[1] ?? other?.[2]);
  // 1 is no modifier; the bits above the sixth are caps lock and num lock
  const modifiers = ((Number(csiU?.[2] ?? other?.[1]) || 1) - 1) & 0b11_1111;
  return { code, ctrl: modifiers === 4, bare: modifiers === 0, release: csiU?.[3] === '3' };
}

/** Modifier and lock keys of the kitty protocol: pressing them is no key of its own. */
const isModifierKey = (code: number): boolean => code >= 57_358 && code <= 57_454;

function csiEnd(bytes: Uint8Array, start: number): number {
  for (let i = start + 2; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (byte < 0x20 || byte > 0x7e) return i;
    if (byte >= 0x40) return i + 1;
  }
  return -1;
}

function stringEnd(bytes: Uint8Array, start: number): number {
  for (let i = start + 2; i < bytes.length; i++) {
    if (bytes[i] === 0x07) return i + 1;
    if (bytes[i] === ESC && i + 1 < bytes.length) return bytes[i + 1] === BACKSLASH ? i + 2 : i;
  }
  return -1;
}

/** End of the escape sequence that begins at `start`; -1 when more bytes are needed. */
function sequenceEnd(bytes: Uint8Array, start: number): number {
  const next = bytes[start + 1];
  if (next === undefined) return -1;
  switch (next) {
    case 0x5b: // [ CSI
      return csiEnd(bytes, start);
    case 0x4f: // O SS3
      return start + 2 < bytes.length ? start + 3 : -1;
    case 0x5d: // ] OSC
    case 0x50: // P DCS
    case 0x5f: // _ APC
      return stringEnd(bytes, start);
    case ESC:
    case DETACH:
    case PREFIX:
      return start + 1; // the Escape key, and then another
    default:
      return start + 2; // Alt with a character
  }
}

/** End of ordinary typing from `start`, before the next byte that means something here. */
function typingEnd(bytes: Uint8Array, start: number): number {
  let i = start + 1;
  while (i < bytes.length && bytes[i] !== ESC && bytes[i] !== DETACH && bytes[i] !== PREFIX) i++;
  return i;
}

const NOTHING = new Uint8Array(0);

export class KeyReader {
  #held: Uint8Array = NOTHING;
  #prefix: Uint8Array | null = null;
  #pasting = false;
  #panning = false;
  #asked: ViewerKey[] = [];
  #out: Uint8Array[] = [];
  /** A session of another size is shown: there are more keys for the viewer. */
  fitted = false;

  /** Call `flush` after this many ms without input; null: nothing is held. */
  get flushAfterMs(): number | null {
    if (this.#held.length > 0) return SEQUENCE_MS;
    if (this.#pasting) return PASTE_MS;
    return this.#panning ? PAN_MS : null;
  }

  /** Ctrl-b was pressed and the next key is awaited. */
  get awaitsKey(): boolean {
    return this.#prefix !== null;
  }

  /** Takes what the terminal sent, in pieces of any size. `keys` goes to the session. After `detach` the rest is dropped. */
  feed(chunk: Uint8Array): { keys: Uint8Array; detach: boolean; asked: ViewerKey[] } {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = NOTHING;
    let at = 0;
    let detach = false;
    while (at < bytes.length && !detach) {
      if (this.#pasting) {
        at = this.#paste(bytes, at);
        continue;
      }
      const end = this.#tokenEnd(bytes, at);
      if (end < 0) {
        this.#held = bytes.slice(at);
        break;
      }
      detach = this.#token(bytes.subarray(at, end));
      at = end;
    }
    const asked = this.#asked;
    this.#asked = [];
    return { keys: this.#take(), detach, asked };
  }

  /** What was held because it could have been the beginning of a sequence: it was keys after all. */
  flush(): Uint8Array {
    this.#pasting = false;
    if (this.#held.length === 0) this.#panning = false;
    if (this.#held.length > 0) {
      this.#releasePrefix();
      this.#out.push(this.#held);
      this.#held = NOTHING;
    }
    return this.#take();
  }

  #take(): Uint8Array {
    const keys = this.#out.length === 1 ? (this.#out[0] as Uint8Array) : Buffer.concat(this.#out);
    this.#out = [];
    return keys;
  }

  #tokenEnd(bytes: Uint8Array, at: number): number {
    const first = bytes[at];
    if (first === ESC) {
      const end = sequenceEnd(bytes, at);
      return end < 0 && bytes.length - at > MAX_SEQUENCE_BYTES ? bytes.length : end;
    }
    if (first === DETACH || first === PREFIX || this.#prefix !== null) return at + 1;
    return typingEnd(bytes, at);
  }

  /** Passes a paste on, up to its end mark; what could be the beginning of the mark is held. */
  #paste(bytes: Uint8Array, at: number): number {
    const rest = Buffer.from(bytes.buffer, bytes.byteOffset + at, bytes.length - at);
    const mark = rest.indexOf(PASTE_END);
    if (mark >= 0) {
      this.#pasting = false;
      this.#out.push(rest.subarray(0, mark + PASTE_END.length));
      return at + mark + PASTE_END.length;
    }
    let held = Math.min(rest.length, PASTE_END.length - 1);
    while (held > 0 && !rest.subarray(rest.length - held).equals(PASTE_END.subarray(0, held))) held--;
    this.#out.push(rest.subarray(0, rest.length - held));
    this.#held = Uint8Array.from(rest.subarray(rest.length - held));
    return bytes.length;
  }

  #releasePrefix(): void {
    if (this.#prefix === null) return;
    this.#out.push(this.#prefix);
    this.#prefix = null;
  }

  /** One key, one run of typing, or one escape sequence. True: detach. */
  #token(token: Uint8Array): boolean {
    const sequence = token[0] === ESC ? Buffer.from(token.subarray(1)).toString('latin1') : null;
    if (sequence !== null && isReport(sequence)) return false;
    const key = sequence === null ? this.#plainKey(token) : readKey(sequence);
    if (key !== null && (key.release || isModifierKey(key.code))) {
      this.#out.push(token);
      return false;
    }
    if (key?.ctrl && key.code === BACKSLASH) return true;
    const asked = this.#viewerKey(sequence, key, token);
    this.#panning = asked !== null && asked !== 'take' && asked !== 'follow';
    if (asked !== null) {
      this.#prefix = null;
      this.#asked.push(asked);
      return false;
    }
    if (this.#prefix !== null && key?.bare && key.code === LETTER_D) {
      this.#prefix = null;
      return true;
    }
    if (key?.ctrl && key.code === LETTER_B) {
      if (this.#prefix === null) this.#prefix = Uint8Array.from(token);
      else this.#releasePrefix();
      return false;
    }
    this.#releasePrefix();
    this.#pasting = sequence === PASTE_START;
    this.#out.push(token);
    return false;
  }

  #viewerKey(sequence: string | null, key: Key | null, token: Uint8Array): ViewerKey | null {
    if (!this.fitted || (this.#prefix === null && !this.#panning)) return null;
    const arrow = sequence === null ? null : ARROW.exec(sequence);
    if (arrow !== null) return ARROWS[arrow[1] as string] as ViewerKey;
    if (this.#prefix === null) return null;
    const code = key?.bare ? key.code : token.length === 1 ? token[0] : null;
    return code === LETTER_T ? 'take' : code === LETTER_F ? 'follow' : null;
  }

  #plainKey(token: Uint8Array): Key | null {
    if (token.length !== 1) return null;
    if (token[0] === DETACH) return { code: BACKSLASH, ctrl: true, bare: false, release: false };
    if (token[0] === PREFIX) return { code: LETTER_B, ctrl: true, bare: false, release: false };
    return token[0] === LETTER_D ? { code: LETTER_D, ctrl: false, bare: true, release: false } : null;
  }
}
