/** For what will be executed: a command, a path. Nothing of it is hidden, and nothing looks like something else (cases E5, E6). */
import { printable } from './printable.ts';

const WORD = /\p{L}[\p{L}\p{M}\p{N}_-]*/gu;
const LATIN = /\p{Script=Latin}/u;
/** Letters of other alphabets that look like Latin ones. */
const LOOKALIKE = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Cherokee}\p{Script=Armenian}]/gu;
/** Spaces that are no space, and letters that are drawn as nothing. */
const ODD = /[\p{Zs}\u115F\u1160\u2800\u3164\uFFA0]|\u034F|\u17B4|\u17B5/gu;
/** So many spaces in a row could push what follows out of sight. */
const MANY_SPACES = / {17,}/g;
/** More marks on one letter only serve to cover what stands above. */
const STACKED = /(\p{Mn}{3})(\p{Mn}+)/gu;

const code = (character: string): string => `\\u{${(character.codePointAt(0) as number).toString(16)}}`;
const codes = (text: string): string => [...text].map(code).join('');

/** One line, exactly: letters that only look like others, odd spaces and long runs of spaces are written out too. */
export function exact(text: string): string {
  return printable(text)
    .replace(WORD, (word) => (LATIN.test(word) ? word.replace(LOOKALIKE, code) : word))
    .replace(ODD, (character) => (character === ' ' ? character : code(character)))
    .replace(STACKED, (_, kept: string, rest: string) => kept + codes(rest))
    .replace(MANY_SPACES, (spaces) => ` ⟨${spaces.length} spaces⟩ `)
    .replace(/ +$/, (spaces) => '\\x20'.repeat(Math.min(spaces.length, 16)));
}

/** Text of several lines, each exact, with a bar before it: where a line ends is seen, and none can pass for one of ours. */
export function exactLines(text: string): string[] {
  return text.split('\n').map((line) => `│ ${exact(line)}`.trimEnd());
}
