/**
 * What a key sends to a terminal (xterm control sequences, "PC-Style Function Keys"). Names are those of the key bar.
 */

/** `once` is spent by the next key, `locked` stays until it is pressed again. */
export type Latch = 'off' | 'once' | 'locked';

/** A tap latches for one key, a second tap locks, a third lets go. */
export const nextLatch: Record<Latch, Latch> = { off: 'once', once: 'locked', locked: 'off' };

export interface Modifiers {
  ctrl: boolean;
  alt: boolean;
}

const ESC = '\x1b';
/** Keys that end in a letter: `CSI x`, in application cursor mode `SS3 x`, with modifiers `CSI 1 ; m x`. */
const LETTER_KEYS: Record<string, string> = { Up: 'A', Down: 'B', Right: 'C', Left: 'D', Home: 'H', End: 'F' };
/** Keys that end in `~`: `CSI n ~`, with modifiers `CSI n ; m ~`. */
const TILDE_KEYS: Record<string, number> = {
  Insert: 2,
  Delete: 3,
  PageUp: 5,
  PageDown: 6,
  F5: 15,
  F6: 17,
  F7: 18,
  F8: 19,
  F9: 20,
  F10: 21,
  F11: 23,
  F12: 24,
};
const SS3_KEYS: Record<string, string> = { F1: 'P', F2: 'Q', F3: 'R', F4: 'S' };
const PLAIN_KEYS: Record<string, string> = { Escape: ESC, Tab: '\t', Enter: '\r', Backspace: '\x7f', ShiftTab: `${ESC}[Z` };

export const KEY_NAMES = [...Object.keys(LETTER_KEYS), ...Object.keys(TILDE_KEYS), ...Object.keys(SS3_KEYS), ...Object.keys(PLAIN_KEYS)];

const modifierCode = ({ ctrl, alt }: Modifiers) => 1 + (alt ? 2 : 0) + (ctrl ? 4 : 0);

/** Ctrl with one character: `@` to `_` and letters give 0 to 31, `?` gives DEL, space gives NUL. Others have no control form. */
export function controlCharacter(character: string): string {
  if (character === ' ') return '\0';
  if (character === '?') return '\x7f';
  return /^[@-_a-z]$/.test(character) ? String.fromCharCode(character.charCodeAt(0) & 0x1f) : character;
}

/** Bytes, as text, of a named key or of typed characters. An unknown name of one or more characters is typed as it is. */
export function keySequence(key: string, modifiers: Modifiers, applicationCursor: boolean): string {
  const code = modifierCode(modifiers);
  const letter = LETTER_KEYS[key];
  if (letter !== undefined) {
    if (code > 1) return `${ESC}[1;${code}${letter}`;
    return `${ESC}${applicationCursor ? 'O' : '['}${letter}`;
  }
  const tilde = TILDE_KEYS[key];
  if (tilde !== undefined) return code > 1 ? `${ESC}[${tilde};${code}~` : `${ESC}[${tilde}~`;
  const ss3 = SS3_KEYS[key];
  if (ss3 !== undefined) return code > 1 ? `${ESC}[1;${code}${ss3}` : `${ESC}O${ss3}`;
  const plain = PLAIN_KEYS[key];
  if (plain !== undefined) return modifiers.alt ? ESC + plain : plain;
  const typed = modifiers.ctrl && [...key].length === 1 ? controlCharacter(key) : key;
  return modifiers.alt ? ESC + typed : typed;
}

const PASTE_START = `${ESC}[200~`;
const PASTE_END = `${ESC}[201~`;

/** All that a terminal would take for a key or for the end of a paste: control characters but for tab and line ends, C1 ones too. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g;

/** The end mark in readable form, as it stands once its ESC is gone: whoever copied it by accident need not send the rest of it. */
const cleaned = (text: string): string => text.replaceAll(PASTE_END, '').replace(CONTROLS, '').replace(/\r\n?/g, '\n');

/** True when a program that asked for no bracketed paste would run each line as it comes (security.md E9). */
export function runsLines(text: string, bracketedPaste: boolean): boolean {
  return !bracketedPaste && cleaned(text).includes('\n');
}

/** What is pasted: one paste for a program that asked for bracketed paste, else as if it were typed. Nothing in it acts as a key. */
export function pastedText(text: string, bracketedPaste: boolean): string {
  const typed = cleaned(text).replaceAll('\n', '\r');
  return bracketedPaste && typed !== '' ? `${PASTE_START}${typed}${PASTE_END}` : typed;
}

/** Text of the composer as it is typed: one line as keys, several as a paste. */
export function composedText(text: string, bracketedPaste: boolean): string {
  return pastedText(text, bracketedPaste && cleaned(text).includes('\n'));
}
