import { stripVTControlCharacters } from 'node:util';
import { encode } from 'uqr';
import { describe, expect, it } from 'vitest';
import { drawQr } from './qr.ts';

const link = `https://afield.example.org/#pair=v1.${'A'.repeat(178)}`;

/** Reads the drawing back as modules: true is dark. */
function modules(lines: string[], blockIsDark: boolean): boolean[][] {
  return lines.flatMap((line) => {
    const cells = [...stripVTControlCharacters(line)];
    return [cells.map((c) => (c === '█' || c === '▀') === blockIsDark), cells.map((c) => (c === '█' || c === '▄') === blockIsDark)];
  });
}

function expectCode(drawn: boolean[][], quiet: number): void {
  const { data, size } = encode(link, { ecc: 'L', border: 0 });
  for (let y = 0; y < size + 2 * quiet; y++) {
    for (let x = 0; x < size + 2 * quiet; x++) expect(drawn[y]?.[x]).toBe(data[y - quiet]?.[x - quiet] ?? false);
  }
}

describe('drawQr', () => {
  it('draws exactly the code with a quiet zone of four, black on white by its own colours', () => {
    const { lines, columns } = drawQr(link, { columns: 200, colour: true });
    expectCode(modules(lines as string[], true), 4);
    expect(columns).toBe([...stripVTControlCharacters((lines as string[])[0] as string)].length);
    for (const line of lines as string[]) {
      expect(line.startsWith('\x1b[38;5;16;48;5;231m') && line.endsWith('\x1b[0m')).toBe(true);
    }
  });

  it('a pairing link fits a terminal of 80 columns', () => {
    expect(drawQr(link, { columns: 80, colour: true }).lines).not.toBeNull();
  });

  it('without colour it is drawn for a dark ground, or for a light one when told', () => {
    expectCode(modules(drawQr(link, { columns: 200, colour: false }).lines as string[], false), 4);
    expectCode(modules(drawQr(link, { columns: 200, colour: false, lightGround: true }).lines as string[], true), 4);
  });

  it('makes the quiet zone smaller before it gives up, then says what it would need', () => {
    const wide = drawQr(link, { columns: 200, colour: true }).columns;
    expectCode(modules(drawQr(link, { columns: wide - 1, colour: true }).lines as string[], true), 2);
    expect(drawQr(link, { columns: wide - 5, colour: true })).toEqual({ lines: null, columns: wide - 4 });
  });
});
