/**
 * Characters that steer a terminal, hide, or reorder text: controls (C0, DEL, C1), format and bidi marks, line and paragraph separators.
 * The joiner between the pictographs of one emoji is none of them.
 */
const UNPRINTABLE =
  /(?!(?<=\p{Extended_Pictographic}|\p{Emoji_Modifier}|\uFE0F)\u200D(?=\p{Extended_Pictographic}))[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;
/** Same, but line ends and tabs stay: for text of several lines. */
const UNPRINTABLE_IN_LINES =
  /(?![\n\t])(?!(?<=\p{Extended_Pictographic}|\p{Emoji_Modifier}|\uFE0F)\u200D(?=\p{Extended_Pictographic}))[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\x1b': '\\e' };

function escaped(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) as number;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

/** One line that is safe to print: whatever could move the cursor, hide or reorder text is shown escaped (`\e`, `\u{202e}`). */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escaped);
}

/** Like `printable`, for text of several lines: line ends and tabs stay, CR LF becomes LF. */
export function printableLines(text: string): string {
  return text.replace(/\r\n/g, '\n').replace(UNPRINTABLE_IN_LINES, escaped);
}

/** JSON for people and programs alike: indented, and what a terminal would obey is escaped as `\uXXXX` (JSON allows it in strings only). */
export function printableJson(value: unknown, indent = 2): string {
  return JSON.stringify(value, null, indent).replace(UNPRINTABLE_IN_LINES, (character) =>
    Array.from({ length: character.length }, (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  );
}
