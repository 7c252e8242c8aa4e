/** Keys for a pane, as commands of tmux that give every byte on as it is. */
import { quoted } from './quote.ts';

/** More than a person presses at once: as a paste, for which tmux needs a twentieth of the time. */
const TYPED_BYTES = 32;
/** What one command carries. */
const PASTE_BYTES = 4_096;
const NUL_RUN = 64;
const BUFFER = 'afield-keys';

export function keyCommands(pane: string, bytes: Uint8Array): string[] {
  const to = quoted(pane);
  // Somebody at the desk who scrolls back would get the keys otherwise.
  const commands = [`copy-mode -q -t ${to}`];
  if (bytes.length <= TYPED_BYTES) return [...commands, pressed(to, bytes)];
  for (let at = 0; at < bytes.length; ) {
    const end = sameUntil(bytes, at);
    const piece = bytes.subarray(at, end);
    // A paste buffer cannot hold NUL.
    if (piece[0] === 0) commands.push(pressed(to, piece));
    else commands.push(`set-buffer -b ${BUFFER} ${numbered(piece)}`, `paste-buffer -d -r -b ${BUFFER} -t ${to}`);
    at = end;
  }
  return commands;
}

function pressed(to: string, bytes: Uint8Array): string {
  const keys = Buffer.from(bytes).toString('hex').match(/../g) ?? [];
  return `send-keys -t ${to} -H ${keys.join(' ')}`;
}

/** Where a run of NUL, or of anything else, ends that begins at `from` and fits into one command. */
function sameUntil(bytes: Uint8Array, from: number): number {
  const nul = bytes[from] === 0;
  const most = Math.min(bytes.length, from + (nul ? NUL_RUN : PASTE_BYTES));
  let at = from + 1;
  while (at < most && (bytes[at] === 0) === nul) at++;
  return at;
}

/** Letters and digits stand for themselves, every other byte is a number. */
function numbered(bytes: Uint8Array): string {
  let out = '"';
  for (const byte of bytes) {
    const char = String.fromCharCode(byte);
    out += /[A-Za-z0-9]/.test(char) ? char : `\\${byte.toString(8).padStart(3, '0')}`;
  }
  return `${out}"`;
}
