import { describe, expect, it } from 'vitest';
import { excerpt } from './marked.tsx';

const marked = ({ text, marks }: ReturnType<typeof excerpt>) => marks.map(([from, to]) => text.slice(from, to));

describe('an excerpt', () => {
  it('of a short text is all of it, on one line', () => {
    expect(excerpt('one\ntwo', [[4, 7]])).toEqual({ text: 'one two', marks: [[4, 7]] });
  });

  it('shows the first mark, wherever it is, and says that there is more', () => {
    const text = `${'before '.repeat(100)}needle ${'after '.repeat(100)}`;
    const found = excerpt(text, [[700, 706]]);
    expect(marked(found)).toEqual(['needle']);
    expect(found.text).toMatch(/^… before/);
    expect(found.text).toMatch(/ …$/);
    expect(found.text.length).toBeLessThan(190);
  });

  it('at the end of a text shows its end', () => {
    const text = `${'x'.repeat(400)}needle`;
    const found = excerpt(text, [[400, 406]]);
    expect(marked(found)).toEqual(['needle']);
    expect(found.text.endsWith('needle')).toBe(true);
  });

  it('leaves out marks that are not in it', () => {
    const text = `needle ${'x '.repeat(300)}needle`;
    expect(
      marked(
        excerpt(text, [
          [0, 6],
          [607, 613],
        ]),
      ),
    ).toEqual(['needle']);
  });
});
