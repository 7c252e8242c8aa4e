/**
 * Takes out of a session's bytes what would write or read the clipboard of whoever is attached, or reach through a multiplexer around
 * it: OSC 52 (xterm "Control Sequences"), 1337 (iTerm2: clipboard, files), 5522 (kitty), and the DCS that tmux passes on unread.
 * Everything else passes as it is, however the bytes are cut.
 */
import { oscNumber, type StringRules, TerminalStrings } from '@afield/shared/link/terminal-strings.ts';

const REACHING_OSC: ReadonlySet<number> = new Set([52, 1337, 5522]);
const REACHING_DCS = ['tmux;', '@kitty'];

const RULES: StringRules = {
  drop(kind, head, whole) {
    if (kind === 'osc') {
      const number = oscNumber(head, whole);
      return number === null ? null : REACHING_OSC.has(number);
    }
    if (kind !== 'dcs') return false;
    if (REACHING_DCS.some((opener) => head.startsWith(opener))) return true;
    return REACHING_DCS.some((opener) => opener.startsWith(head)) && !whole ? null : false;
  },
  maxBytes: Number.POSITIVE_INFINITY,
};

export const clipboardGuard = (): TerminalStrings => new TerminalStrings(RULES);
