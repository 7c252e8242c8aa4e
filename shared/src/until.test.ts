import { expect, it } from 'vitest';
import { eventually, until } from './until.ts';

it('gives what came, the first that is true', async () => {
  const given = [null, undefined, false, 0, '', 'it'];
  expect(await until('it', () => given.shift())).toBe('it');
  expect(await until('it', async () => 'at once', 0)).toBe('at once');
});

it('says what did not come, and what is there instead', async () => {
  await expect(until('rain', () => false, 0)).rejects.toThrow('Waited 0 ms for: rain');
  let looks = 0;
  const looked = until(
    async () => `rain, after ${looks} looks`,
    () => {
      looks += 1;
      return false;
    },
    0,
  );
  await expect(looked).rejects.toThrow('rain, after 1 looks');
  await expect(eventually(() => looks > 1, 0)).rejects.toThrow('looks > 1');
});

it('a probe that fails is a fault at once', async () => {
  await expect(
    until('rain', () => {
      throw new Error('no window');
    }),
  ).rejects.toThrow('no window');
});
