import { effect } from '@preact/signals';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { NOW } from '../../test/sessions.ts';
import { everySecond } from './clock.ts';

beforeEach(() => void vi.useFakeTimers({ now: NOW }));
afterEach(() => void vi.useRealTimers());

it('ticks while somebody looks, and only then', async () => {
  const seen: number[] = [];
  const stop = effect(() => void seen.push(everySecond.value));
  await vi.advanceTimersByTimeAsync(3_000);
  expect(seen.slice(-3)).toEqual([NOW + 1_000, NOW + 2_000, NOW + 3_000]);
  stop();
  expect(vi.getTimerCount()).toBe(0);
});

it('is right again as soon as somebody looks anew', async () => {
  vi.setSystemTime(NOW + 600_000);
  const stop = effect(() => void everySecond.value);
  await Promise.resolve();
  expect(everySecond.peek()).toBe(NOW + 600_000);
  stop();
});
