/** What tmux shows of a pane, as escape sequences for an emptied terminal of its size. */
import type { Host } from '../../core/machine-ports.ts';
import type { Connection } from './connection.ts';
import { quoted } from './quote.ts';

const MAX_SCREEN_BYTES = 8 * 1024 * 1024;

/** The modes that a program may have set, and how each is switched to what it is not in an emptied terminal. Unknown formats are empty. */
const MODES: readonly (readonly [format: string, unlike: '0' | '1', sequence: string])[] = [
  ['cursor_flag', '1', '\x1b[?25l'],
  ['insert_flag', '0', '\x1b[4h'],
  ['keypad_cursor_flag', '0', '\x1b[?1h'],
  ['keypad_flag', '0', '\x1b='],
  ['wrap_flag', '1', '\x1b[?7l'],
  ['mouse_standard_flag', '0', '\x1b[?1000h'],
  ['mouse_button_flag', '0', '\x1b[?1002h'],
  ['mouse_all_flag', '0', '\x1b[?1003h'],
  ['mouse_utf8_flag', '0', '\x1b[?1005h'],
  ['mouse_sgr_flag', '0', '\x1b[?1006h'],
  ['bracket_paste_flag', '0', '\x1b[?2004h'],
];
const PLACES = [
  'pane_width',
  'pane_height',
  'cursor_x',
  'cursor_y',
  'scroll_region_upper',
  'scroll_region_lower',
  'alternate_on',
  'alternate_saved_x',
  'alternate_saved_y',
  'origin_flag',
] as const;
const FORMAT = [...PLACES, ...MODES.map(([name]) => name)].map((name) => `#{${name}}`).join(',');

export interface Captured {
  cols: number;
  rows: number;
  bytes: Buffer;
}
export interface CaptureOptions {
  host: Host;
  /** tmux and the options that name its server. */
  client: readonly string[];
  connection: Connection;
  pane: string;
  /** Lines above the screen that are wanted too. */
  history?: number;
  /** What tmux does in the same moment: nothing is printed between it and the capture. */
  with?: readonly string[];
}

/** Errors: `TmuxRefusal`, `ServerGone`. */
export async function capture({ host, client, connection, pane, history = 0, with: more = [] }: CaptureOptions): Promise<Captured> {
  // Through buffers, since a screen may hold lines that look like replies of tmux.
  const name = `afield-${pane.slice(1)}`;
  const other = `${name}-other`;
  const take = `capture-pane -e -N -t ${quoted(pane)}`;
  const answers = await connection.run(
    ...more,
    `${take} -S ${quoted(String(-history))} -b ${name}`,
    // The screen behind the alternate one; nothing when that is not on.
    `${take} -a -q -b ${other}`,
    `display-message -p -t ${quoted(pane)} ${quoted(FORMAT)}`,
  );
  const show = async (buffer: string) => {
    const { code, stdout } = await host.run([...client, 'show-buffer', '-b', buffer], { maxBytes: MAX_SCREEN_BYTES });
    return code === 0 ? stdout : Buffer.alloc(0);
  };
  const front = await show(name);
  const back = await show(other);
  connection.send(`delete-buffer -b ${name}`);
  connection.send(`delete-buffer -b ${other}`);
  return drawn(front, back, (answers.at(-1)?.[0] ?? '').split(','));
}

function drawn(front: Buffer, back: Buffer, values: readonly string[]): Captured {
  const [cols, rows, x, y, top, bottom, alternate, backX, backY, origin] = PLACES.map((_, i) => Number(values[i])) as Numbers;
  const to = (column: number, row: number) => Buffer.from(`\x1b[${row + 1};${column + 1}H`);
  const parts: Buffer[] = [Buffer.from('\x1b)0\x1b[?7l')];
  if (alternate === 1) {
    // Its history is not to be had while another screen stands before it.
    parts.push(screen(back), to(backX, backY), Buffer.from('\x1b[0m\x0f\x1b[?1049h\x1b[H'), screen(lastLines(front, rows)));
  } else parts.push(screen(front));
  parts.push(Buffer.from('\x1b[0m\x0f\x1b[?7h'));
  if (top > 0 || bottom < rows - 1) parts.push(Buffer.from(`\x1b[${top + 1};${bottom + 1}r`));
  if (origin === 1) parts.push(Buffer.from('\x1b[?6h'));
  parts.push(to(x, origin === 1 ? y - top : y));
  MODES.forEach(([, unlike, sequence], i) => {
    const value = values[PLACES.length + i];
    if (value !== '' && value !== undefined && value !== unlike) parts.push(Buffer.from(sequence));
  });
  return { cols, rows, bytes: Buffer.concat(parts) };
}
type Numbers = [number, number, number, number, number, number, number, number, number, number];

/** Lines as tmux gives them, each from the start of a row; the last one does not scroll. */
function screen(lines: Buffer): Buffer {
  const text = lines.toString('latin1').replace(/\n$/, '').replaceAll('\n', '\r\n');
  return Buffer.from(text, 'latin1');
}

function lastLines(lines: Buffer, count: number): Buffer {
  const all = lines.toString('latin1').replace(/\n$/, '').split('\n');
  return Buffer.from(all.slice(-count).join('\n'), 'latin1');
}
