/** The relay dies in the middle of a flood: the phone is back by itself, with the right screen, and says what happened meanwhile. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type House, startHouse, until } from './kit.ts';
import { openPhone, type Phone } from './phone.ts';
import { pair, screenText, startSession, typeLine } from './steps.ts';

let house: House;
let phone: Phone;

beforeAll(async () => {
  [house, phone] = await Promise.all([startHouse(), openPhone()]);
});
afterAll(async () => {
  await phone?.close();
  await house?.stop();
});

it('B11: the phone is back within 10 s of the relay, with the right screen, and says what happened', async () => {
  const { page } = phone;
  await pair(house, phone);
  const id = await startSession(phone, 'shell', 'Flood');
  await typeLine(phone, 'for i in $(seq 1 400000); do echo "line $i of the flood"; done; echo the flood is $((1+1))-over');
  await until('the flood runs', async () => /line \d{3,} of the flood/.test(await screenText(page)));

  await house.killRelay();
  await page.getByText('The line is cut', { exact: false }).waitFor();
  await phone.shot('relay-down');
  await house.startRelay();
  const back = performance.now();
  await page.getByText('The line is cut', { exact: false }).waitFor({ state: 'hidden', timeout: 10_000 });
  await until('the screen moves again', async () => /line \d+ of the flood|2-over/.test(await screenText(page)), 10_000);
  expect(performance.now() - back).toBeLessThan(10_000);

  await until('the flood ends', async () => (await screenText(page)).includes('the flood is 2-over'), 90_000);
  // exactly what the home server's own mirror shows
  const { screen } = await house.get<{ screen: string }>(`/sessions/${id}/output`);
  const trimmed = (text: string) =>
    text
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n')
      .trimEnd();
  await until('the phone shows what home shows', async () => trimmed(await screenText(page)) === trimmed(screen));

  await page.getByRole('link', { name: 'Back to Home' }).click();
  await page.getByText(/relay was away for/).waitFor();
  await phone.shot('relay-back');
});
