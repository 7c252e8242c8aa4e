/** Sizes of the terminal on this screen: pure arithmetic, apart from the one measurement of a character. */

/** Pixels at which text is readable at arm's length; and the least that is drawn, below which the screen pans instead. */
export const READABLE_PX = 13;
export const LEAST_PX = 6;

/** Line height, as the terminal draws it. */
const LINE_HEIGHT = 1.2;

export interface Box {
  width: number;
  height: number;
}

/** Cells that fit into a box at a readable size. `ratio`: width of a character at 1 px font size. At least 20 × 5. */
export function naturalSize(box: Box, ratio: number): { cols: number; rows: number } {
  return {
    cols: Math.max(20, Math.floor(box.width / (READABLE_PX * ratio))),
    rows: Math.max(5, Math.floor(box.height / Math.ceil(READABLE_PX * LINE_HEIGHT))),
  };
}

/** Font size at which all columns fit into the box, between the least and the readable one; in steps of a quarter pixel. */
export function fittingFont(box: Box, ratio: number, cols: number): number {
  const exact = box.width / (cols * ratio);
  return Math.min(READABLE_PX, Math.max(LEAST_PX, Math.floor(exact * 4) / 4));
}

/** Width of one character of the font at 1 px font size. */
export function characterRatio(font: string): number {
  const context = document.createElement('canvas').getContext('2d');
  if (!context) return 0.6;
  context.font = `100px ${font}`;
  return context.measureText('W').width / 100 || 0.6;
}
