import { describe, expect, it } from 'vitest';
import { fittingFont, LEAST_PX, naturalSize, READABLE_PX } from './fit.ts';

const phone = { width: 390, height: 500 };

describe('naturalSize', () => {
  it('never asks for more cells than the box holds at a readable size', () => {
    const { cols, rows } = naturalSize(phone, 0.6);
    expect(cols * READABLE_PX * 0.6).toBeLessThanOrEqual(390);
    expect((cols + 1) * READABLE_PX * 0.6).toBeGreaterThan(390);
    expect(rows * READABLE_PX * 1.2).toBeLessThanOrEqual(500);
  });
  it('keeps a usable least', () => {
    expect(naturalSize({ width: 10, height: 10 }, 0.6)).toEqual({ cols: 20, rows: 5 });
  });
});

describe('fittingFont', () => {
  it('shows every column of the desk where that can still be drawn', () => {
    const px = fittingFont(phone, 0.6, 100);
    expect(px * 0.6 * 100).toBeLessThanOrEqual(390);
    expect(px).toBeGreaterThan(LEAST_PX);
  });
  it('pans rather than going below the least', () => {
    expect(fittingFont(phone, 0.6, 212)).toBe(LEAST_PX);
  });
  it('does not blow up a narrow terminal', () => {
    expect(fittingFont(phone, 0.6, 20)).toBe(READABLE_PX);
  });
});
