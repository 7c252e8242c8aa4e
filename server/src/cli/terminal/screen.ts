/** Escape sequences that put a desk's terminal in order, before a session's screen is drawn on it and after it is left. */

const ESC = '\x1b';
const CSI = `${ESC}[`;

/** ASCII in every character set, no colours. A restored cursor brings its own of both. */
const PEN_OFF = `${ESC}(B${ESC})B\x0f${CSI}m`;

/**
 * Undoes whatever a program may have switched on, without moving what is on the screen: ends a sequence that was cut short, then
 * synchronised output, mouse, focus and paste reports, cursor keys, keypad, kitty keys and modifyOtherKeys, insert and origin mode,
 * character sets, colours, scroll region (which moves the cursor home), cursor shape and visibility.
 */
const MODES_OFF = [
  '\x18', // CAN ends an unfinished CSI
  `${ESC}\\`, // ST ends an unfinished OSC or DCS
  `${CSI}?2026l`,
  ...[9, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 2004, 2031, 2048].map((mode) => `${CSI}?${mode}l`),
  `${CSI}?1l${ESC}>`,
  `${CSI}=0u${CSI}>4m`,
  `${CSI}4l${CSI}?6l${CSI}?7h`,
  PEN_OFF,
  `${CSI}r`,
  `${CSI}0 q${CSI}?25h`,
].join('');

/** To the ordinary screen without a restored cursor: what 1049 would restore is not ours. */
const ORDINARY_SCREEN = `${CSI}?47l`;
const HOME_AND_CLEAR = `${CSI}H${CSI}2J`;
const PUSH_TITLE = `${CSI}22;2t`;
const POP_TITLE = `${CSI}23;2t`;

/** The first time: what the shell printed down to the cursor moves up into the scrollback, and the window's title is put aside. */
export function enterSequence(rows: number): string {
  return `${PUSH_TITLE}${'\n'.repeat(rows)}${MODES_OFF}${HOME_AND_CLEAR}`;
}

/** Before each further screen: an emptied terminal, as a snapshot wants it. */
export const EMPTY_SEQUENCE = `${MODES_OFF}${ORDINARY_SCREEN}${HOME_AND_CLEAR}`;

/**
 * Where the terminal is left. `line`: in the session's text, which stays; what is below the cursor goes. `alternate`: on the alternate
 * screen, behind which the session's text is. `bottom`: below something that fills the window.
 */
export type LeftAt = 'line' | 'alternate' | 'bottom';

/** At the end: everything off, the old title, and the cursor on a fresh line. */
export function leaveSequence(at: LeftAt, rows: number): string {
  const to = {
    // switching modes off moves the cursor home: back to where it was
    line: `${ESC}7${MODES_OFF}${ESC}8${PEN_OFF}\r\n${CSI}J`,
    // the cursor that was saved on the way in
    alternate: `${MODES_OFF}${CSI}?1049l${PEN_OFF}\r\n${CSI}J`,
    bottom: `${MODES_OFF}${ORDINARY_SCREEN}${CSI}${rows};1H\r\n`,
  };
  return `${to[at]}${POP_TITLE}`;
}

/** A notice over the last line of the screen, for the time until a new screen comes; the cursor stays where it is. */
export function noticeSequence(text: string, rows: number): string {
  return `\x18${ESC}\\${ESC}7${CSI}?6l${CSI}${rows};1H${CSI}m${CSI}7m${text}${CSI}K${CSI}m${ESC}8`;
}
