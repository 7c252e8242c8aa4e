/** Sizes of the terminal on this screen: pure arithmetic, apart from the one measurement of a character. */

/** Pixels at which text is readable at arm's length. */
export const READABLE_PX = 13;
/** A terminal drawn smaller is a picture of itself; below it nothing can be told apart, and the rest is panned. */
export const LEAST_PX = 2;
/** Two fingers make it no larger. */
export const LARGEST_PX = 32;

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

/** In steps of an eighth of a pixel, within what is drawn at all. */
export const fontWithin = (px: number): number => Math.min(LARGEST_PX, Math.max(LEAST_PX, Math.floor(px * 8) / 8));

/** Font size at which all columns and all rows fit into the box, no larger than the readable one. */
export function fittingFont(box: Box, cell: Box, { cols, rows }: { cols: number; rows: number }): number {
  const shrink = Math.min(1, box.width / (cols * cell.width), box.height / (rows * cell.height));
  return fontWithin(READABLE_PX * shrink);
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
