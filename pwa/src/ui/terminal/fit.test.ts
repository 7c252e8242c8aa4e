import { describe, expect, it } from 'vitest';
import { fittingFont, LEAST_PX, naturalSize, READABLE_PX } from './fit.ts';

const phone = { width: 390, height: 500 };
const cell = { width: 7.8, height: 18 };

describe('naturalSize', () => {
  it('never asks for more cells than the box holds at a readable size', () => {
    expect(naturalSize(phone, cell)).toEqual({ cols: 50, rows: 27 });
  });
  it('keeps a usable least', () => {
    expect(naturalSize({ width: 10, height: 10 }, cell)).toEqual({ cols: 20, rows: 5 });
  });
});

describe('fittingFont', () => {
  it('shows every column of the desk', () => {
    for (const cols of [60, 100, 200, 300]) {
      const px = fittingFont(phone, cell, { cols, rows: 10 });
      expect((px / READABLE_PX) * cell.width * cols).toBeLessThanOrEqual(390);
    }
  });
  it('shows every row, which is what counts on a phone on its side', () => {
    const px = fittingFont({ width: 800, height: 250 }, cell, { cols: 80, rows: 50 });
    expect((px / READABLE_PX) * cell.height * 50).toBeLessThanOrEqual(250);
  });
  it('goes no smaller than anything can be drawn', () => {
    expect(fittingFont(phone, cell, { cols: 1000, rows: 10 })).toBe(LEAST_PX);
  });
  it('does not blow up a narrow terminal', () => {
    expect(fittingFont(phone, cell, { cols: 20, rows: 5 })).toBe(READABLE_PX);
  });
});
