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
  it('shows every column of the desk where that can still be drawn', () => {
    const px = fittingFont(phone, cell, 100);
    expect((px / READABLE_PX) * cell.width * 100).toBeLessThanOrEqual(390);
    expect(px).toBeGreaterThan(LEAST_PX);
  });
  it('pans rather than going below the least', () => {
    expect(fittingFont(phone, cell, 212)).toBe(LEAST_PX);
  });
  it('does not blow up a narrow terminal', () => {
    expect(fittingFont(phone, cell, 20)).toBe(READABLE_PX);
  });
});
