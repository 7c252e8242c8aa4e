import { describe, expect, it } from 'vitest';
import { countLines, diffLines, hunksBetween } from './diff-lines.ts';

const text = (...lines: string[]) => `${lines.join('\n')}\n`;
const numbered = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}`);

/** Puts a diff onto a text, as `patch` does. */
function patched(before: string, hunks: ReturnType<typeof hunksBetween>): string {
  const lines = before === '' ? [] : before.replace(/\n$/, '').split('\n');
  let moved = 0;
  for (const { old_start, lines: edits } of hunks) {
    const gone = edits.filter((line) => !line.startsWith('+')).map((line) => line.slice(1));
    const at = (gone.length === 0 ? old_start : old_start - 1) + moved;
    expect(lines.slice(at, at + gone.length)).toEqual(gone);
    const come = edits.filter((line) => !line.startsWith('-')).map((line) => line.slice(1));
    lines.splice(at, gone.length, ...come);
    moved += come.length - gone.length;
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

describe('the changes between two texts', () => {
  it('a changed line stands between three that are kept', () => {
    const before = text(...numbered(1, 20));
    const hunks = hunksBetween(before, before.replace('line 10\n', 'line ten\n'));
    expect(hunks).toEqual([
      {
        old_start: 7,
        new_start: 7,
        heading: '',
        lines: [' line 7', ' line 8', ' line 9', '-line 10', '+line ten', ' line 11', ' line 12', ' line 13'],
      },
    ]);
  });

  it('changes far from each other are apart, near ones are one piece', () => {
    const before = text(...numbered(1, 40));
    const after = before.replace('line 5\n', '').replace('line 9\n', 'line nine\n').replace('line 30\n', 'line 30\nmore\n');
    expect(hunksBetween(before, after).map((hunk) => [hunk.old_start, hunk.new_start])).toEqual([
      [2, 2],
      [28, 27],
    ]);
  });

  it('a new file is all added, one that goes is all deleted', () => {
    expect(hunksBetween(null, text('a', 'b'))).toEqual([{ old_start: 0, new_start: 1, heading: '', lines: ['+a', '+b'] }]);
    expect(hunksBetween(text('a', 'b'), null)).toEqual([{ old_start: 1, new_start: 0, heading: '', lines: ['-a', '-b'] }]);
    expect(hunksBetween(text('a'), text('a'))).toEqual([]);
  });

  it('every diff leads from the one text to the other', () => {
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return seed % below;
    };
    for (let round = 0; round < 200; round += 1) {
      const before = Array.from({ length: random(40) }, () => `l${random(6)}`);
      const after = before.flatMap((line) => (random(5) === 0 ? [] : random(6) === 0 ? [line, `n${random(9)}`] : [line]));
      const [from, to] = [before, after].map((lines) => (lines.length === 0 ? '' : text(...lines)));
      expect(patched(from!, hunksBetween(from!, to!))).toBe(to);
    }
  });

  it('two long texts without anything in common are compared within bounds', () => {
    const before = text(...Array.from({ length: 4000 }, (_, index) => `a${index}`));
    const after = text(...Array.from({ length: 4000 }, (_, index) => `b${index}`));
    expect(countLines(hunksBetween(before, after))).toEqual({ added: 4000, deleted: 4000 });
  });
});

describe('the lines of a hunk', () => {
  it('have the numbers of their side', () => {
    const lines = diffLines({ old_start: 7, new_start: 9, lines: [' a', '-b', '+c', '+d', ' e'] });
    expect(lines.map(({ edit, number }) => `${edit}${number}`)).toEqual([' 9', '-8', '+10', '+11', ' 12']);
  });

  it('a replaced line marks what differs', () => {
    const [out, into] = diffLines({ old_start: 1, new_start: 1, lines: ["-await page.wait('networkidle')", "+await page.wait('total')"] });
    expect(out?.text.slice(...out.marked!)).toBe('networkidle');
    expect(into?.text.slice(...into.marked!)).toBe('total');
  });

  it('lines that have little in common are not marked', () => {
    const [out, into] = diffLines({ old_start: 1, new_start: 1, lines: ['-import a', '+export const b = 2'] });
    expect([out?.marked, into?.marked]).toEqual([null, null]);
  });
});
