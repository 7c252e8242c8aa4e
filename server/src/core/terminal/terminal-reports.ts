/**
 * Programs ask their terminal questions (device attributes, cursor position, modes). Here the mirror at home answers, at once and
 * exactly once, whoever watches. What the terminals of viewers answer is dropped.
 */

/** The answers that may reach a program: DA1, DA2, DSR, CPR, DECRPM, DECRPSS. All are made of numbers, none repeats what the program printed. */
const ANSWER =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are control sequences
  /^(?:\x1b\[[?>]?[\d;]*c|\x1b\[\??\d*n|\x1b\[\??\d+;\d+R|\x1b\[\??\d+;\d+\$y|\x1bP[01]\$r[\d;]{0,60}(?: q|"[pq]|[mr])?\x1b\\)$/;

/** True when an answer of the mirror may be given to the program. */
export function isAnswer(report: string): boolean {
  return report.length <= 128 && ANSWER.test(report);
}

/**
 * The answers that a tmux in between leaves to us: it answers DA1, DA2, DSR 5, CPR and XTVERSION itself, at once, and says nothing to
 * DECRQM, DECRQSS, DECXCPR and the private DSRs (tmux 3.3a, asked in a pane).
 */
const LEFT_BY_TMUX =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are control sequences
  /^(?:\x1b\[\??\d+;\d+\$y|\x1b\[\?\d+(?:;\d+)?[Rn]|\x1bP[01]\$r)/;

/** True when only we can give this answer, though a tmux stands between us and the program. */
export function leftByTmux(report: Buffer): boolean {
  return LEFT_BY_TMUX.test(report.toString('latin1'));
}

/**
 * What a viewer's terminal sends by itself, never a person: the answers above, XTVERSION, colours (OSC 4, 10 to 19), kitty's keyboard
 * flags, window reports. A cursor position `ESC [ 1 ; n R` is also what F3 with a modifier sends: those stay.
 */
const REPORT =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are control sequences
  /\x1b\[[?>=][\d;]*c|\x1b\[[03]n|\x1b\[(?!1;[2-8]R)\d{1,4};\d{1,4}R|\x1b\[\?\d{1,4};\d{1,4}R|\x1b\[\??\d{1,5};\d\$y|\x1b\[\?\d{1,3}u|\x1b\[(?:4|6|8|9);\d{1,5};\d{1,5}t|\x1bP(?:[01]\$r|>\||[01]\+r)[^\x1b\x07]{0,256}(?:\x1b\\|\x07)|\x1b\](?:4;\d{1,3}|1\d);[^\x1b\x07]{0,64}(?:\x1b\\|\x07)/g;

/** Keys without the reports of the terminal they were typed at. */
export function withoutReports(keys: Uint8Array): Uint8Array {
  if (!keys.includes(0x1b)) return keys;
  // latin1 keeps every byte as it is.
  const text = Buffer.from(keys.buffer, keys.byteOffset, keys.length).toString('latin1');
  const left = text.replace(REPORT, '');
  return left.length === text.length ? keys : Buffer.from(left, 'latin1');
}
