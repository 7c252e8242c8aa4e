import { sessionStatus } from '@afield/shared/api/sessions.ts';
import { expect, it } from 'vitest';
import { endSentence, MARKS, STATUS_ORDER, statusWord } from './status-mark.ts';
import { plain, styleFor } from './style.ts';
import { width } from './width.ts';

it('every status has a shape of its own, one cell wide, and a place in lists', () => {
  const shapes = sessionStatus.options.map((status) => MARKS[status].shape);
  expect(new Set(shapes).size).toBe(shapes.length);
  for (const shape of shapes) expect(width(shape)).toBe(1);
  expect([...STATUS_ORDER].sort()).toEqual([...sessionStatus.options].sort());
});

it('says the status in a word, and what a busy one does', () => {
  expect(statusWord({ status: 'busy', activity: 'editing' })).toBe('◉ busy, editing');
  expect(statusWord({ status: 'idle', activity: 'editing' })).toBe('⊖ idle');
});

it.each([
  [{ status: 'finished', exit_code: 0, status_reason: null }, '● finished, exit code 0.'],
  [
    { status: 'failed', exit_code: 3, status_reason: 'The program ended with exit code 3.' },
    '■ failed. The program ended with exit code 3.',
  ],
  [{ status: 'lost', exit_code: null, status_reason: 'The home server was restarted.' }, '△ lost. The home server was restarted.'],
  [{ status: 'cancelled', exit_code: 1, status_reason: 'Stopped by x\x1b[2J.' }, '⊘ cancelled, exit code 1. Stopped by x\\e[2J.'],
] as const)('%j is "%s"', (session, sentence) => {
  expect(endSentence(session)).toBe(sentence);
});

it('colours only on a terminal that has colours', () => {
  expect(styleFor({ isTTY: true, hasColors: () => true })('fail', 'x')).toBe('\x1b[1;31mx\x1b[0m');
  expect(styleFor({ isTTY: true, hasColors: () => false })).toBe(plain);
  expect(styleFor({ hasColors: () => true })).toBe(plain);
  expect(styleFor({ isTTY: true })('fail', 'x')).toBe('x');
});
