/** Words of commands for a shell, where one is unavoidable: over ssh, in `pipe-pane`, and for a person to paste. */
import { AfieldError } from '@afield/shared/errors.ts';

/** Read the same by every shell that sshd may start, wherever in a word it stands. `=` and `%` first mean something to zsh and fish. */
const PLAIN = /^[A-Za-z0-9_./-][A-Za-z0-9_./:=@%+-]*$/;

/**
 * One word for a shell. Quotes and backslashes stand outside of the single quotes, so that fish, to which a backslash
 * means something inside of them, reads the same as a POSIX shell (POSIX.1-2017, XCU 2.2). Errors: bad_request for NUL.
 */
export function quoteWord(word: string): string {
  if (word.includes('\0')) throw new AfieldError('bad_request', 'A word of a command holds a NUL character. Leave it out.');
  if (PLAIN.test(word)) return word;
  return `'${word.replace(/['\\]/g, (character) => `'\\${character}'`)}'`;
}

/** Words of a command as one line. */
export function quoteLine(words: readonly string[]): string {
  return words.map(quoteWord).join(' ');
}
