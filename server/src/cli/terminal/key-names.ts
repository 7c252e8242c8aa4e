/** Names of keys for `afield send --keys`, and the bytes that a terminal sends for them (xterm control sequences, "PC-Style Function Keys"). */
import { UsageError } from '../exit.ts';

const ESC = '\x1b';

/** Keys with bytes of their own. */
const PLAIN: Readonly<Record<string, string>> = {
  enter: '\r',
  return: '\r',
  tab: '\t',
  escape: ESC,
  esc: ESC,
  space: ' ',
  comma: ',',
  backspace: '\x7f',
  bspace: '\x7f',
};
/** `CSI x`, with modifiers `CSI 1 ; m x`. */
const LETTER: Readonly<Record<string, string>> = { up: 'A', down: 'B', right: 'C', left: 'D', home: 'H', end: 'F' };
/** `SS3 x`, with modifiers `CSI 1 ; m x`. */
const SS3: Readonly<Record<string, string>> = { f1: 'P', f2: 'Q', f3: 'R', f4: 'S' };
/** `CSI n ~`, with modifiers `CSI n ; m ~`. */
const TILDE: Readonly<Record<string, number>> = {
  insert: 2,
  delete: 3,
  pageup: 5,
  pagedown: 6,
  f5: 15,
  f6: 17,
  f7: 18,
  f8: 19,
  f9: 20,
  f10: 21,
  f11: 23,
  f12: 24,
};

/** What the help lists. */
export const KEY_HELP =
  'Enter Tab Escape Space Comma Backspace Up Down Left Right Home End PageUp PageDown Insert Delete F1…F12, one character, C-x (Ctrl), M-x (Alt), S-Tab';

interface Modifiers {
  ctrl: boolean;
  alt: boolean;
  shift: boolean;
}

const PREFIXES: Readonly<Record<string, keyof Modifiers>> = { c: 'ctrl', m: 'alt', a: 'alt', s: 'shift' };

function split(name: string): { modifiers: Modifiers; key: string } {
  const modifiers = { ctrl: false, alt: false, shift: false };
  let key = name;
  for (let match = /^([cmas])-(.+)$/isu.exec(key); match !== null; match = /^([cmas])-(.+)$/isu.exec(key)) {
    modifiers[PREFIXES[(match[1] as string).toLowerCase()] as keyof Modifiers] = true;
    key = match[2] as string;
  }
  return { modifiers, key };
}

/** Ctrl with one character: `@` to `_` and letters give 0 to 31, `?` gives DEL, space gives NUL; null: there is no such key. */
function control(character: string): string | null {
  if (character === ' ') return '\0';
  if (character === '?') return '\x7f';
  return /^[@-_a-z]$/.test(character) ? String.fromCharCode(character.charCodeAt(0) & 0x1f) : null;
}

function functionKey(name: string, code: number): string | null {
  const letter = LETTER[name] ?? (code > 1 ? SS3[name] : undefined);
  if (letter !== undefined) return code > 1 ? `${ESC}[1;${code}${letter}` : `${ESC}[${letter}`;
  if (SS3[name] !== undefined) return `${ESC}O${SS3[name]}`;
  const number = TILDE[name];
  if (number === undefined) return null;
  return code > 1 ? `${ESC}[${number};${code}~` : `${ESC}[${number}~`;
}

/** Bytes, as text, of one key such as `Enter`, `C-c`, `M-x`, `S-Tab`, `C-Up`, `y`. Errors: `UsageError` for a key that does not exist. */
export function keyBytes(name: string): string {
  const { modifiers, key } = split(name);
  const lower = key.toLowerCase();
  const code = 1 + (modifiers.shift ? 1 : 0) + (modifiers.alt ? 2 : 0) + (modifiers.ctrl ? 4 : 0);
  const sequence = functionKey(lower, code);
  if (sequence !== null) return sequence;
  if (lower === 'tab' && modifiers.shift && !modifiers.ctrl) return `${modifiers.alt ? ESC : ''}${ESC}[Z`;

  let text: string | null = PLAIN[lower] ?? ([...key].length === 1 ? key : null);
  if (text !== null && modifiers.shift) text = text.toUpperCase();
  if (text !== null && modifiers.ctrl) text = control(text);
  if (text === null) throw new UsageError(`There is no key called "${name}". Keys: ${KEY_HELP}.`);
  return (modifiers.alt ? ESC : '') + text;
}

/** Bytes, as text, of a list such as `Enter,C-c` or `Escape :wq Enter`. A key alone may be a comma; in a list it is `Comma`. */
export function keysBytes(list: readonly string[]): string {
  const names = list.flatMap((item) => (item === ',' ? [item] : item.split(/[\s,]+/))).filter((name) => name !== '');
  if (names.length === 0) throw new UsageError(`Say which keys, for example --keys Enter or --keys C-c,Enter. Keys: ${KEY_HELP}.`);
  return names.map(keyBytes).join('');
}
