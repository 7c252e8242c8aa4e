/** One terminal, two sizes: a phone that looks leaves the desk alone; one that takes over gets its own, and the desk gets it back. */
import type { Session } from '@afield/shared/api/sessions.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Desk, openDesk } from './desk.ts';
import { type House, startHouse, until } from './kit.ts';
import { openPhone, type Phone } from './phone.ts';
import { pair, screenText, typeLine } from './steps.ts';

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
const button = (name: string | RegExp) => phone.page.getByRole('button', { name });
/** How much wider than its place the terminal is drawn. */
const overflow = () => phone.page.locator('.xterm-box').evaluate((box) => box.scrollWidth - box.clientWidth);

it('users 26: a phone that looks reads 200 columns as text, and does not resize the desk', async () => {
  const { page } = phone;
  await page.goto(`${house.url}/sessions/${id}`);
  await button('Use my size').waitFor();
  const text = page.getByRole('region', { name: 'Terminal as text' });
  await text.getByText('wide-2', { exact: true }).waitFor();
  // one line at the desk, wrapped here to the width of the phone
  const line = text.getByText(/^1 2 3 .* 59 60$/);
  const box = (await line.boundingBox())!;
  expect(box.width).toBeLessThanOrEqual(390);
  expect(box.height).toBeGreaterThan(40);
  await until('the newest line is at the bottom', () => text.evaluate((one) => one.scrollTop + one.clientHeight >= one.scrollHeight - 2));
  expect(await size()).toBe('200x50');
  await phone.shot('two-sizes-text');
});

it('sees all of it when it fits, and a part of it in its actual size', async () => {
  await button(/^Fit/).click();
  await sameAsHome();
  expect(await overflow()).toBeLessThanOrEqual(0);
  await phone.shot('two-sizes-fit');
  await button(/^Actual size/).click();
  await until('it is wider than the phone', async () => (await overflow()) > 800);
  await sameAsHome();
  expect(await size()).toBe('200x50');
  await phone.shot('two-sizes-actual');
});

it('keeps the choice for this session over a reload', async () => {
  await phone.page.reload();
  await until('it is as it was', () => button(/^Actual size/).evaluate((one) => one.getAttribute('aria-pressed') === 'true'));
  await sameAsHome();
});

it('takes over in its own size, with exactly the screen of home', async () => {
  await button('Use my size').click();
  await button('Give back').waitFor();
  await until('the session has the size of the phone', async () => (await house.get<Session>(`/sessions/${id}`)).cols < 60);
  await sameAsHome();
  expect(await overflow()).toBeLessThanOrEqual(0);
  await until('the desk says who has the size', async () => /has the size, Ctrl-b t takes it/.test(await desk.screen()));
  await phone.shot('two-sizes-taken');
});

it('a keyboard on the screen resizes nothing', async () => {
  const { page } = phone;
  const before = await size();
  await page.getByLabel('Text to type into the terminal').focus();
  for (const height of [700, 560, 480]) await page.setViewportSize({ width: 390, height });
  await typeLine(phone, 'echo key-$((1+1))');
  await until('the prompt is seen above the keyboard', async () => {
    const [row, box] = await Promise.all([
      page
        .locator('.xterm-rows > div')
        .filter({ hasText: /^key-2/ })
        .boundingBox(),
      page.locator('.xterm-box').boundingBox(),
    ]);
    return row !== null && box !== null && row.y >= box.y && row.y + row.height <= box.y + box.height + 1;
  });
  expect(await size()).toBe(before);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByLabel('Text to type into the terminal').blur();
  expect(await size()).toBe(before);
});

it('the desk takes it back without typing, and the phone looks on', async () => {
  await desk.press('C-b', 't');
  await until('the desk has its size again', async () => (await size()) === '200x50');
  await button('Use my size').waitFor();
  expect(await desk.screen()).not.toContain('takes it');
  await sameAsHome();
});

it('the one that types takes it from the other, and gets it', async () => {
  await button('Use my size').click();
  await until('the phone has it', async () => (await house.get<Session>(`/sessions/${id}`)).cols < 60);
  await desk.type('echo desk-$((1+1))');
  await until('the desk has it', async () => (await size()) === '200x50');
  await typeLine(phone, '');
  await until('the phone has it again', async () => (await house.get<Session>(`/sessions/${id}`)).cols < 60);
});

it('leaving the terminal gives the size back, and the desk has it as before', async () => {
  await phone.page.getByRole('link', { name: 'Info' }).click();
  await until('the desk has its size again', async () => (await size()) === '200x50');
  expect(await desk.screen()).toContain('wide-2');
});

it('a window smaller than the session is panned by keys at the desk', async () => {
  const small = await openDesk([process.execPath, 'server/bin/afield.mjs', 'attach', '--look', id], house.env, { cols: 100, rows: 20 });
  try {
    await until('it says which part it shows', async () => /200×50 · .* has the size, Ctrl-b t takes it/.test(await small.screen()));
    await until('the newest line', async () => /desk-2|desk-\$/.test(await small.screen()));
    for (let i = 0; i < 8; i++) await small.press('C-b', 'Up');
    await until('the first row', async () => /^(.*)\$ clear|^1$/m.test((await small.screen()).split('\n').slice(0, 3).join('\n')));
    await small.press('C-b', 'f');
    await until('the cursor again', async () => /desk-2|desk-\$/.test(await small.screen()));
    expect(await size()).toBe('200x50');
    await small.press('C-b', 'd');
    await until('detached', async () => /Detached/.test(await small.screen()));
  } finally {
    await small.close();
  }
});
