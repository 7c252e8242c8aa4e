/** Text inside commands for tmux. Its own language, its formats and the shell each have characters that do something: none gets through. */
import { quoteWord } from '../../core/approvals/shell-words.ts';

/** What stands for itself in tmux' quotes. */
const PLAIN = /[A-Za-z0-9_./:=@,+ -]/;

/** One argument in tmux' command language (tmux(1), COMMAND PARSING AND EXECUTION): quoted, everything unusual as an octal number. */
export function quoted(text: string): string {
  let out = '"';
  // Bytes beyond ASCII stand for themselves.
  for (const char of text) {
    if (PLAIN.test(char) || char.charCodeAt(0) > 0x7f) out += char;
    else out += `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`;
  }
  return `${out}"`;
}

/** A word for sh, where tmux first expands formats and times (`pipe-pane`). */
export function pipeWord(text: string): string {
  return quoteWord(text).replaceAll('%', '%%').replaceAll('#', '##');
}
