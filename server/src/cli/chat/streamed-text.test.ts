import { describe, expect, it } from 'vitest';
import { width } from '../print/width.ts';
import { StreamedText } from './streamed-text.ts';

/** Everything that is shown when a text comes in pieces of this size. */
function inPieces(text: string, size: number, columns = 80): string[] {
  const streamed = new StreamedText(columns);
  const lines: string[] = [];
  for (let at = 0; at < text.length; at += size) lines.push(...(streamed.push(at, text.slice(at, at + size)) ?? ['missing']));
  return [...lines, ...(streamed.end(text) ?? ['another'])];
}

describe('text that comes in pieces', () => {
  const text = 'First line.\r\nThe second is 🎉 longer, with \u001b[31mred\u001b[0m in it.\n\n  indented\nlast';

  it('is the same in pieces of any size', () => {
    const whole = inPieces(text, text.length);
    expect(whole).toEqual(['First line.', 'The second is 🎉 longer, with \\e[31mred\\e[0m in it.', '', '  indented', 'last']);
    for (let size = 1; size < 20; size++) expect(inPieces(text, size), String(size)).toEqual(whole);
  });

  it('is broken at words when a line is longer than the terminal, and no line is wider than that', () => {
    const long = 'word '.repeat(50) + 'x'.repeat(45) + '日本'.repeat(20) + '🎉'.repeat(20);
    for (const size of [1, 3, 1000]) {
      const lines = inPieces(long, size, 20);
      expect(lines.join('').replaceAll(' ', '')).toBe(long.replaceAll(' ', ''));
      expect(Math.max(...lines.map(width))).toBeLessThanOrEqual(20);
      expect(lines[0]).toBe('word word word word');
      expect(lines.every((line) => line.isWellFormed())).toBe(true);
    }
  });

  it('says when a piece is missing, and takes one twice only once', () => {
    const streamed = new StreamedText(80);
    expect(streamed.push(0, 'abc\n')).toEqual(['abc']);
    expect(streamed.push(2, 'c\nd')).toEqual([]);
    expect(streamed.push(9, 'x')).toBeNull();
    expect(streamed.push(0, 'abc\nde\n')).toEqual(['de']);
    expect(streamed.end('abc\nde\nf')).toEqual(['f']);
  });

  it('says when it ends as another text', () => {
    const streamed = new StreamedText(80);
    streamed.push(0, 'abc');
    expect(streamed.end('xyz')).toBeNull();
  });
});
