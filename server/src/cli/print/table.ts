import { cut, pad, width } from './width.ts';

export interface Column {
  title: string;
  align?: 'left' | 'right';
  /** May be cut when the table is wider than the terminal; `start` keeps the end of the text. The widest such column gives first. */
  cut?: 'end' | 'start';
  /** Cells that a cut column keeps at least. */
  min?: number;
  /** Colours a cell after it was padded; it gets the row's number. */
  paint?: (text: string, row: number) => string;
}

const GAP = '  ';
/** A cut column narrower than this says nothing any more. */
const MIN_CUT_CELLS = 8;

function fit(columns: readonly Column[], widths: number[], max: number): void {
  let over = widths.reduce((sum, w) => sum + w, GAP.length * (widths.length - 1)) - max;
  while (over > 0) {
    let widest = -1;
    columns.forEach((column, i) => {
      const room = (widths[i] as number) - (column.min ?? MIN_CUT_CELLS);
      if (column.cut !== undefined && room > 0 && (widest < 0 || (widths[i] as number) > (widths[widest] as number))) widest = i;
    });
    if (widest < 0) return;
    widths[widest] = (widths[widest] as number) - 1;
    over--;
  }
}

/**
 * Lines of a table with a header. Cells must be printable already. `max`: cells of the terminal; left out when the output is no
 * terminal, then nothing is cut. `head` colours the header.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: { max?: number | undefined; head?: (text: string) => string } = {},
): string[] {
  const widths = columns.map((column, i) => Math.max(width(column.title), ...rows.map((row) => width(row[i] ?? ''))));
  if (options.max !== undefined) fit(columns, widths, options.max);
  const line = (cells: readonly string[], row: number | null): string =>
    columns
      .map((column, i) => {
        const size = widths[i] as number;
        const text = cut(cells[i] ?? '', size, column.cut ?? 'end');
        const last = i === columns.length - 1 && column.align !== 'right';
        const padded = last ? text : pad(text, size, column.align);
        return row !== null && column.paint !== undefined ? column.paint(padded, row) : padded;
      })
      .join(GAP)
      .trimEnd();
  const head = line(
    columns.map((column) => column.title),
    null,
  );
  return [options.head === undefined ? head : options.head(head), ...rows.map((row, i) => line(row, i))];
}
