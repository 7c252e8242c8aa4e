/**
 * A terminal's buffer as text: lines as the program wrote them, joined where the terminal only wrapped them, and the way back from a
 * place in the text to its cells. Rows and columns count from 0; rows from the beginning of what is kept.
 */
import type { IBuffer, IBufferCell, IBufferLine } from '@xterm/xterm';

/** What is read of a terminal. */
export interface Grid {
  readonly cols: number;
  readonly rows: number;
  readonly buffer: { readonly active: IBuffer };
}

export interface Place {
  row: number;
  col: number;
}

/** `end` is the place behind the last cell. */
export interface Range {
  start: Place;
  end: Place;
}

/** A line that a program never ends is read in pieces of so many rows. */
export const MAX_JOINED_ROWS = 200;

export interface Line {
  /** Its first row, and the one behind its last. */
  row: number;
  end: number;
  /** Without blanks at the end. */
  text: string;
}

const NBSP = /\u00a0/g;

/** First row of the line to which a row belongs, at most `MAX_JOINED_ROWS` above it. */
export function lineStart(buffer: IBuffer, row: number): number {
  let start = row;
  while (start > 0 && row - start < MAX_JOINED_ROWS && buffer.getLine(start)?.isWrapped) start--;
  return start;
}

/** The line that begins in a row, joined from the rows into which it was wrapped. */
export function lineAt(buffer: IBuffer, row: number): Line {
  let end = row + 1;
  while (end < buffer.length && end - row < MAX_JOINED_ROWS && buffer.getLine(end)?.isWrapped) end++;
  let text = '';
  for (let at = row; at < end; at++) text += rowText(buffer, at, at + 1 < end);
  return { row, end, text: text.trimEnd() };
}

/** Every line from a row on; the first one may be the rest of one that begins above. */
export function* linesFrom(buffer: IBuffer, from: number): Generator<Line> {
  for (let row = from; row < buffer.length; ) {
    const line = lineAt(buffer, row);
    yield line;
    row = line.end;
  }
}

/** A row that goes on in the next one keeps its blanks, but for the cell that a wide character left free at its end. */
function rowText(buffer: IBuffer, row: number, goesOn: boolean, from = 0, to?: number): string {
  const line = buffer.getLine(row);
  if (line === undefined) return '';
  const end = to ?? (goesOn && leavesCell(buffer, row, line) ? line.length - 1 : line.length);
  return line.translateToString(!goesOn, from, end).replace(NBSP, ' ');
}

function leavesCell(buffer: IBuffer, row: number, line: IBufferLine): boolean {
  const last = line.getCell(line.length - 1);
  return (
    last?.getChars() === '' &&
    last.getWidth() === 1 &&
    buffer
      .getLine(row + 1)
      ?.getCell(0)
      ?.getWidth() === 2
  );
}

/** The cells of a part of a line's text: `from` and `to` are UTF-16 offsets in it. */
export function rangeOf(buffer: IBuffer, line: Line, from: number, to: number): Range {
  return { start: placeOf(buffer, line, from, false), end: placeOf(buffer, line, to, true) };
}

/** With `behind` the place behind the character that ends at the offset, else the cell of the one that begins there. */
function placeOf(buffer: IBuffer, { row: first, end }: Line, offset: number, behind: boolean): Place {
  let left = offset;
  let last: Place = { row: first, col: 0 };
  let cell: IBufferCell | undefined;
  for (let row = first; row < end; row++) {
    const line = buffer.getLine(row);
    if (line === undefined) break;
    const width = row + 1 < end && leavesCell(buffer, row, line) ? line.length - 1 : line.length;
    for (let col = 0; col < width; ) {
      if (left <= 0 && (!behind || offset === 0)) return { row, col };
      cell = line.getCell(col, cell);
      left -= Math.max(cell?.getChars().length ?? 0, 1);
      col += Math.max(cell?.getWidth() ?? 1, 1);
      last = { row, col };
      if (left <= 0 && behind) return last;
    }
  }
  return last;
}

/** Where in the text of its line the character of a cell begins; the length of the text when the cell is behind it. */
export function offsetOf(buffer: IBuffer, line: Line, { row: wanted, col: column }: Place): number {
  let offset = 0;
  let cell: IBufferCell | undefined;
  for (let row = line.row; row < line.end; row++) {
    const cells = buffer.getLine(row);
    if (cells === undefined) break;
    const width = row + 1 < line.end && leavesCell(buffer, row, cells) ? cells.length - 1 : cells.length;
    for (let col = 0; col < width; ) {
      cell = cells.getCell(col, cell);
      const next = col + Math.max(cell?.getWidth() ?? 1, 1);
      if (row > wanted || (row === wanted && next > column)) return Math.min(offset, line.text.length);
      offset += Math.max(cell?.getChars().length ?? 0, 1);
      col = next;
    }
  }
  return line.text.length;
}

/** What is copied: no blanks at the end of lines, and what the terminal wrapped is one line again. */
export function textOf(buffer: IBuffer, { start, end }: Range): string {
  let text = '';
  for (let row = start.row; row <= Math.min(end.row, buffer.length - 1); row++) {
    const goesOn = row < end.row && buffer.getLine(row + 1)?.isWrapped === true;
    const from = row === start.row ? start.col : 0;
    const part = rowText(buffer, row, goesOn, from, row === end.row ? end.col : undefined);
    text += goesOn ? part : part.trimEnd();
    if (row < end.row && !goesOn) text += '\n';
  }
  return text;
}

/** Blank, or a bracket or quotation mark around a word. Colons, slashes and dots belong to paths and addresses. */
const WORD_END = /[\s'"`()[\]{}<>|,;│┃║]/u;

/** The word at a place, over the rows into which it was wrapped; null on a blank. */
export function wordAt(buffer: IBuffer, place: Place): Range | null {
  const line = lineAt(buffer, lineStart(buffer, place.row));
  const at = offsetOf(buffer, line, place);
  if (at >= line.text.length || WORD_END.test(line.text.charAt(at))) return null;
  let from = at;
  let to = at + 1;
  while (from > 0 && !WORD_END.test(line.text.charAt(from - 1))) from--;
  while (to < line.text.length && !WORD_END.test(line.text.charAt(to))) to++;
  return rangeOf(buffer, line, from, to);
}

export const before = (a: Place, b: Place): boolean => a.row < b.row || (a.row === b.row && a.col < b.col);
