import { encode } from 'uqr';

/** Light modules around the code that readers need (ISO/IEC 18004, 9.1), and the least that readers of phones still take. */
const QUIET_MODULES = 4;
const LEAST_QUIET_MODULES = 2;

/** Black on white whatever the terminal's theme: fixed entries of the 256 colour table, not the theme's own 16. */
const INK_ON_PAPER = '\x1b[38;5;16;48;5;231m';
const RESET = '\x1b[0m';

export interface QrOptions {
  /** Cells that the terminal is wide. */
  columns: number;
  /** False: no colour may be used. The code is then drawn for a dark ground, light modules as full blocks. */
  colour: boolean;
  /** Without colour: for a light ground. */
  lightGround?: boolean;
}

export interface QrDrawing {
  /** Null when the terminal is too narrow. */
  lines: string[] | null;
  /** Cells that it takes, or would take at least. */
  columns: number;
}

/** A QR code in half-block characters, two rows of modules a line, with its quiet zone. */
export function drawQr(text: string, options: QrOptions): QrDrawing {
  const { data, size } = encode(text, { ecc: 'L', border: 0 });
  const least = size + 2 * LEAST_QUIET_MODULES;
  if (options.columns < least) return { lines: null, columns: least };
  const quiet = options.columns >= size + 2 * QUIET_MODULES ? QUIET_MODULES : LEAST_QUIET_MODULES;
  const total = size + 2 * quiet;
  const dark = (x: number, y: number): boolean => data[y - quiet]?.[x - quiet] === true;
  // With ink on paper a block is a dark module. Without colour the glyph has the text's colour: light on a dark ground.
  const inked = options.colour || options.lightGround === true;
  const lines: string[] = [];
  for (let y = 0; y < total; y += 2) {
    let line = '';
    for (let x = 0; x < total; x++) {
      const upper = dark(x, y) === inked;
      // An odd last line has only an upper half; below it lies paper.
      const lower = (y + 1 < total && dark(x, y + 1)) === inked;
      line += upper ? (lower ? '█' : '▀') : lower ? '▄' : ' ';
    }
    lines.push(options.colour ? `${INK_ON_PAPER}${line}${RESET}` : line);
  }
  return { lines, columns: total };
}
