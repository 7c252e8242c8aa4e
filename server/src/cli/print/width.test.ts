import { expect, it } from 'vitest';
import { cut, pad, width } from './width.ts';

it.each([
  ['plain', 5],
  ['', 0],
  ['Größe', 5],
  ['e\u0301', 1],
  ['配置', 4],
  ['🎉', 2],
  ['👩‍👩‍👧', 2],
  ['한글', 4],
  ['ｆｕｌｌ', 8],
  ['◆ ◉ ◌ ⊖', 7],
  ['…', 1],
])('width of %j is %i', (text, cells) => {
  expect(width(text)).toBe(cells);
});

it('cuts at the end, or at the start for paths, and never exceeds the width', () => {
  expect(cut('refactor the queue', 9)).toBe('refactor…');
  expect(cut('~/projects/afield/server', 10, 'start')).toBe('…ld/server');
  expect(cut('配置配置', 4)).toBe('配…');
  expect(width(cut('配置配置', 4))).toBeLessThanOrEqual(4);
  expect(cut('ab', 0)).toBe('');
  expect(cut('ab', 2)).toBe('ab');
});

it('pads by cells, not by characters', () => {
  expect(pad('配', 4)).toBe('配  ');
  expect(pad('7', 3, 'right')).toBe('  7');
  expect(pad('long', 2)).toBe('long');
});
