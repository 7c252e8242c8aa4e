import { describe, expect, it } from 'vitest';
import { explainIssues } from '../link/invalid.ts';
import { displayName } from './base.ts';

const accepted = (name: string) => displayName.safeParse(name).success;

describe('a name', () => {
  it.each(['web', 'Été 2026', '名前', 'a '.repeat(50).trim(), '❤️', '👩‍💻', '👩🏽‍💻 laptop', '👨‍👩‍👧‍👦', '🏳️‍🌈', '🏴‍☠️', '🧔‍♂️', '1️⃣', '🇫🇷'])(
    '%s is one',
    (name) => {
      expect(accepted(name)).toBe(true);
    },
  );

  it.each([
    ['a line break', 'a\nb'],
    ['an escape', 'a\x1b[2J'],
    ['a C1 control', 'a\u009bb'],
    ['a line separator', 'a\u2028b'],
    ['a bidi override', 'a\u202eb'],
    ['a bidi isolate', '👩\u2066💻'],
    ['a zero-width space', 'a\u200bb'],
    ['a soft hyphen', 'a\u00adb'],
    ['a joiner between letters', 'a\u200db'],
    ['a joiner alone', '\u200d'],
    ['a joiner before all', '\u200d💻'],
    ['a joiner after all', '👩\u200d'],
    ['a joiner after a letter', 'a\u200d💻'],
    ['a joiner before a letter', '👩\u200db'],
    ['two joiners', '👩\u200d\u200d💻'],
    ['invisible tags', '🏴\u{e0067}\u{e007f}'],
    ['nothing', '   '],
    ['more than 100 characters', 'a'.repeat(101)],
  ])('with %s is none', (_, name) => {
    expect(accepted(name)).toBe(false);
  });

  it('of many pictographs is refused as quickly as any', () => {
    expect(accepted(`${'👩\u200d'.repeat(30_000)}\n`)).toBe(false);
  });

  it('that is refused is told why in words', () => {
    const { error } = displayName.safeParse('a\u202eb');
    expect(explainIssues(error?.issues ?? [], 'name')).toBe(
      'name must be one line of up to 100 characters without control characters or invisible ones.',
    );
  });
});
