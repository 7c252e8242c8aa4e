import { expect, it } from 'vitest';
import { AlternateWatch } from './alternate-watch.ts';

const after = (...pieces: string[]): boolean => {
  const watch = new AlternateWatch();
  for (const piece of pieces) watch.feed(Buffer.from(piece));
  return watch.alternate;
};

it.each([
  ['\x1b[?1049h', true],
  ['\x1b[?47h', true],
  ['\x1b[?1047h', true],
  ['\x1b[?25;1049h', true],
  ['\x1b[?1049h text \x1b[31m \x1b[?1049l', false],
  ['\x1b[?1049h\x1b[?25l', true],
  ['\x1b[?1049', false],
  ['\x1b[1049h', false],
  ['\x1b[?11049h', false],
  ['\x1b[?1049$p', false],
  ['', false],
])('%j: %s', (text, alternate) => {
  expect(after(text)).toBe(alternate);
  for (let i = 1; i < text.length; i++) expect(after(text.slice(0, i), text.slice(i))).toBe(alternate);
});

it('keeps nothing of a sequence without an end', () => {
  expect(after(`\x1b[?${'1'.repeat(100_000)}`, 'h')).toBe(false);
});
