import { describe, expect, it } from 'vitest';
import { entriesAsText, foldAt } from './log-entry.tsx';

const lines = (count: number, length = 5) => Array.from({ length: count }, () => 'x'.repeat(length)).join('\n');

describe('a long entry', () => {
  it('is folded after ten lines', () => {
    expect(foldAt(lines(40))).toBe(lines(10).length);
  });
  it('is folded by its length when it is one endless line', () => {
    expect(foldAt('x'.repeat(4_000))).toBe(900);
  });
  it('is shown whole when hardly anything would be hidden', () => {
    expect(foldAt(lines(12))).toBeNull();
    expect(foldAt('x'.repeat(1_000))).toBeNull();
    expect(foldAt('')).toBeNull();
  });
});

it('E8: a file of entries holds no control characters of a program', () => {
  const entry = { session_id: '', timestamp: '2026-11-20T14:00:00Z', type: 'output' } as const;
  const text = entriesAsText([
    { ...entry, seq: 2, text: 'two\u001b[31m\u202E' },
    { ...entry, seq: 1, text: 'one' },
  ]);
  expect(text).toBe('2026-11-20T14:00:00Z output one\n2026-11-20T14:00:00Z output two⟨U+001B⟩[31m⟨U+202E⟩\n');
});
