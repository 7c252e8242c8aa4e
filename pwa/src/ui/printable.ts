/**
 * Names, titles and commands come from agents and from whatever they read: hostile text. What would change how the text around it
 * reads (bidirectional overrides, zero-width and control characters) is written out as ⟨U+202E⟩ instead.
 */

/** Shown at most so many combining marks on one letter; more only serves to cover the lines above. */
const MAX_COMBINING = 3;

const code = (char: string): string => `⟨U+${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}⟩`;

/** Control (Cc), format (Cf), line and paragraph separators, lone surrogates, unassigned; and letters that are drawn as nothing. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Cn}\u115F\u1160\u2800\u3164\uFFA0]|\u034F|\u17B4|\u17B5/gu;
/** A joiner between two pictures is how families and professions are written: harmless. */
const PICTURE_BEFORE = /(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\uFE0F)$/u;
const PICTURE_AFTER = /^\p{Extended_Pictographic}/u;
const STACKED = new RegExp(`(\\p{Mn}{${MAX_COMBINING}})(\\p{Mn}+)`, 'gu');

function joinsPictures(char: string, offset: number, whole: string): boolean {
  return (
    char === '\u200D' && PICTURE_BEFORE.test(whole.slice(Math.max(0, offset - 2), offset)) && PICTURE_AFTER.test(whole.slice(offset + 1))
  );
}

/** For names and titles: one line, everything invisible written out. */
export function printable(text: string): string {
  return text
    .replace(INVISIBLE, (char: string, offset: number, whole: string) => (joinsPictures(char, offset, whole) ? char : code(char)))
    .replace(STACKED, (_, kept: string, rest: string) => kept + [...rest].map(code).join(''));
}

/** For output of several lines: as `printable`, but line ends and tabs stay what they are. */
export function printableLines(text: string): string {
  return text
    .split(/(\r?\n|\t)/)
    .map((part) => (part === '\t' || part === '\n' || part === '\r\n' ? part : printable(part)))
    .join('');
}

const WORD = /\p{L}[\p{L}\p{M}\p{N}_-]*/gu;
const LATIN = /\p{Script=Latin}/u;
const LOOKALIKE = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Cherokee}\p{Script=Armenian}]/gu;

/**
 * For what a machine will read: commands, paths, file names. Also writes out letters of another alphabet that stand inside a
 * Latin word, because they look like Latin ones (`pаypal` with a Cyrillic а).
 */
export function exact(text: string): string {
  return printable(text.replace(WORD, (word) => (LATIN.test(word) ? word.replace(LOOKALIKE, code) : word)));
}
