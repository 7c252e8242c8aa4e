import { describe, expect, it } from 'vitest';
import { apart, findMarks } from './log-marks.ts';

const found = (text: string, query: string) => findMarks(text, query)?.map(([from, to]) => text.slice(from, to)) ?? null;

describe('the marks of a search', () => {
  it.each([
    ['restore into copy', 'copy', ['copy']],
    ['Restore into Copy', 'restore COPY', ['Restore', 'Copy']],
    ['pg_restore: processing', 'rest', ['restore']],
    ['prüfe die Übergabe', 'ubergabe', ['Übergabe']],
    ['kill -9 the server', '"kill -9"', ['kill -9']],
    ['the kill of 9', '"kill 9"', null],
    ['restoring', 'restore into', null],
    ['restore the copy', 're copy', null],
    ['anything', '  ', null],
    ['anything', '"', null],
    ['a-b a b', '"a b"', ['a-b', 'a b']],
  ])('%j, %j', (text, query, words) => {
    expect(found(text, query)).toEqual(words);
  });

  it('only the last word may be a beginning, and none inside of quotes', () => {
    expect(found('restore now', 'rest now')).toBeNull();
    expect(found('now restore', 'now rest')).toEqual(['now', 'restore']);
    expect(found('now restore', '"now rest"')).toBeNull();
  });

  it('what comes from elsewhere is kept within the text, in order and apart', () => {
    expect(
      apart(
        [
          [4, 8],
          [-1, 3],
          [0, 2],
          [6, 9],
          [5, 5],
          [9, 99],
        ],
        12,
      ),
    ).toEqual([
      [0, 2],
      [4, 9],
    ]);
  });
});
