import { expect, it } from 'vitest';
import { table } from './table.ts';
import { width } from './width.ts';

const columns = [{ title: 'NAME' }, { title: 'DIRECTORY', cut: 'start' }, { title: 'AGE', align: 'right' }] as const;
const rows = [
  ['配置', '/home/mia/projects/afield', '3 min'],
  ['web', '~', '12 d'],
];

it('aligns by cells', () => {
  expect(table(columns, rows)).toEqual([
    'NAME  DIRECTORY                    AGE',
    '配置  /home/mia/projects/afield  3 min',
    'web   ~                           12 d',
  ]);
});

it('fits the terminal by cutting the column that may be cut', () => {
  const lines = table(columns, rows, { max: 30 });
  expect(lines[1]).toBe('配置  …/projects/afield  3 min');
  for (const line of lines) expect(width(line)).toBeLessThanOrEqual(30);
});

it('stops cutting where a column would say nothing any more', () => {
  const lines = table(columns, rows, { max: 5 });
  expect(lines[1]).toContain('…/afield');
});

it('paints after padding, so that colour does not shift the columns', () => {
  const painted = table(
    [{ title: 'S', paint: (text, row) => `<${row}${text}>` }, { title: 'N' }],
    [
      ['busy', 'a'],
      ['ok', 'b'],
    ],
  );
  expect(painted).toEqual(['S     N', '<0busy>  a', '<1ok  >  b']);
});

it('is only a header without rows', () => {
  expect(table(columns, [])).toEqual(['NAME  DIRECTORY  AGE']);
});
