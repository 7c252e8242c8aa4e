/** One terminal, two sizes: a phone that looks leaves the desk alone; one that takes over gets its own, and the desk gets it back. */
import type { Session } from '@afield/shared/api/sessions.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Desk, openDesk } from './desk.ts';
import { type House, startHouse, until } from './kit.ts';
import { openPhone, type Phone } from './phone.ts';
import { pair, screenText } from './steps.ts';

let house: House;
let phone: Phone;
let desk: Desk;
let id: string;

beforeAll(async () => {
  [house, phone] = await Promise.all([startHouse(), openPhone()]);
  await pair(house, phone);
  ({ id } = await house.json<Session>('run', 'shell', '--detach', '-s', 'Wide'));
  desk = await openDesk([process.execPath, 'server/bin/afield.mjs', 'attach', id], house.env, { cols: 200, rows: 50 });
  await until('the desk holds its size', async () => (await house.get<Session>(`/sessions/${id}`)).cols === 200);
  await desk.type('clear; seq 1 40; seq -s " " 1 60; echo wide-$((1+1))');
  await desk.press('Enter');
  await until('the desk has printed', async () => (await desk.screen()).includes('wide-2'));
});
afterAll(async () => {
  await desk?.close();
  await phone?.close();
  await house?.stop();
});

const trimmed = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trimEnd();
const atHome = async () => trimmed((await house.get<{ screen: string }>(`/sessions/${id}/output`)).screen);
const size = async () => {
  const { cols, rows } = await house.get<Session>(`/sessions/${id}`);
  return `${cols}x${rows}`;
};
const sameAsHome = () => until('the phone shows what home shows', async () => trimmed(await screenText(phone.page)) === (await atHome()));

it('users 26: a phone that looks sees the whole width and does not resize the desk', async () => {
  const { page } = phone;
  await page.goto(`${house.url}/sessions/${id}`);
  await page.getByRole('button', { name: 'Take over' }).waitFor();
  await sameAsHome();
  expect(await size()).toBe('200x50');
  await page.getByRole('button', { name: 'Full size' }).click();
  expect(await size()).toBe('200x50');
  await phone.shot('two-sizes-look');
});

it('takes over in its own size, with exactly the screen of home', async () => {
  await phone.page.getByRole('button', { name: 'Take over' }).click();
  await phone.page.getByRole('button', { name: 'Give back' }).waitFor();
  await until('the session has the size of the phone', async () => (await house.get<Session>(`/sessions/${id}`)).cols < 60);
  await sameAsHome();
  await until('the desk says who has the size', async () => /has the size/.test(await desk.screen()));
  await phone.shot('two-sizes-taken');
});

it('gives the size back, and the desk has it as before', async () => {
  await phone.page.getByRole('button', { name: 'Give back' }).click();
  await until('the desk has its size again', async () => (await size()) === '200x50');
  await sameAsHome();
  expect(await desk.screen()).toContain('wide-2');
});
