import type { Place, Range } from './lines.ts';
import type { Scroller } from './scroller.ts';

/** Rectangles over a range, one for each of its rows: left edge and width in columns. */
export function rowsOf({ start, end }: Range, cols: number): { row: number; col: number; width: number }[] {
  const rows: { row: number; col: number; width: number }[] = [];
  for (let row = start.row; row <= end.row; row++) {
    const col = row === start.row ? start.col : 0;
    const to = row === end.row ? end.col : cols;
    if (to > col) rows.push({ row, col, width: to - col });
  }
  return rows;
}

/** Draws what was found, as far as it is in sight. */
export function drawMarks(host: HTMLElement, scroller: Scroller, cols: number, places: readonly Range[], now: Range | null): void {
  const { first, last } = scroller.rows();
  const marks: HTMLElement[] = [];
  for (const place of places) {
    if (place.end.row < first || place.start.row > last) continue;
    for (const { row, col, width } of rowsOf(place, cols)) {
      const point = scroller.pointOf({ row, col } satisfies Place);
      if (point === null) continue;
      const mark = document.createElement('div');
      mark.className = place === now ? 'term-mark now' : 'term-mark';
      mark.style.left = `${point.left}px`;
      mark.style.top = `${point.top}px`;
      mark.style.width = `${width * point.cell.width}px`;
      mark.style.height = `${point.cell.height}px`;
      marks.push(mark);
    }
  }
  host.replaceChildren(...marks);
}
