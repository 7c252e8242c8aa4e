import { expect, it } from 'vitest';
import { endingOf } from './ending.ts';

it('exit code 0 is finished and needs no reason', () => {
  expect(endingOf({ code: 0, signal: null }, 10, 0)).toEqual({ status: 'finished', reason: null });
});

it('the last screen is pointed at only when something was printed, and the end came at once', () => {
  const failed = { code: 2, signal: null };
  expect(endingOf(failed, 10, 80).reason).toBe('The program ended with exit code 2, right after it started. Its last screen says why.');
  expect(endingOf(failed, 10, 0).reason).toBe('The program ended with exit code 2, right after it started.');
  expect(endingOf(failed, 60_000, 80).reason).toBe('The program ended with exit code 2.');
});

it('codes with a meaning and signals are told', () => {
  expect(endingOf({ code: 127, signal: null }, 10, 0).reason).toContain('the program was not found');
  expect(endingOf({ code: null, signal: 'SIGKILL' }, 60_000, 5).reason).toBe('The program was ended by SIGKILL.');
});
