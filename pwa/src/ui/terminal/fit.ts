/** Sizes of the terminal on this screen: pure arithmetic, apart from the one measurement of a character. */

/** Pixels at which text is readable at arm's length; and the least that is drawn, below which the screen pans instead. */
export const READABLE_PX = 13;
export const LEAST_PX = 6;

/** Height of a line in heights of the font's own line. */
export const LINE_HEIGHT = 1.2;

export interface Box {
  width: number;
  height: number;
}

/** Cells that fit into a box at a readable size. `cell`: one character at that size. At least 20 × 5. */
export function naturalSize(box: Box, cell: Box): { cols: number; rows: number } {
  return { cols: Math.max(20, Math.floor(box.width / cell.width)), rows: Math.max(5, Math.floor(box.height / cell.height)) };
}

/** Font size at which all columns fit into the box, between the least and the readable one; in steps of a quarter pixel. */
export function fittingFont(box: Box, cell: Box, cols: number): number {
  const exact = (READABLE_PX * box.width) / (cols * cell.width);
  return Math.min(READABLE_PX, Math.max(LEAST_PX, Math.floor(exact * 4) / 4));
}

const SAMPLE = 'W'.repeat(32);

/** One character of the host's font at the readable size, as the terminal measures it itself: whole pixels high. */
export function measureCell(host: HTMLElement): Box {
  const span = document.createElement('span');
  span.textContent = SAMPLE;
  span.style.cssText = `position:absolute;visibility:hidden;white-space:pre;line-height:normal;font-size:${READABLE_PX}px`;
  host.append(span);
  const cell = { width: span.getBoundingClientRect().width / SAMPLE.length, height: Math.ceil(span.offsetHeight * LINE_HEIGHT) };
  span.remove();
  return cell.width > 0 && cell.height > 0 ? cell : { width: 0.6 * READABLE_PX, height: Math.ceil(READABLE_PX * 1.4) };
}
