/** Reading a terminal on a phone: older lines, find, selection by finger, links, and a phone on its side. */

import type { Session } from '@afield/shared/api/sessions.ts';
import { AxeBuilder } from '@axe-core/playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Desk, openDesk } from './desk.ts';
import { type Fingers, fingersOf } from './fingers.ts';
import { type House, startHouse, until } from './kit.ts';
import { openPhone, type Phone } from './phone.ts';
import { pair, screenText, typeLine } from './steps.ts';

let house: House;
let phone: Phone;
let desk: Desk;
let fingers: Fingers;
let id: string;

beforeAll(async () => {
  [house, phone] = await Promise.all([startHouse(), openPhone({ permissions: ['clipboard-read', 'clipboard-write'] })]);
  fingers = await fingersOf(phone);
  await pair(house, phone);
  ({ id } = await house.json<Session>('run', 'shell', '--detach', '-s', 'Reading'));
  desk = await openDesk([process.execPath, 'server/bin/afield.mjs', 'attach', id], house.env, { cols: 100, rows: 30 });
  await until('the desk holds its size', async () => (await house.get<Session>(`/sessions/${id}`)).cols === 100);
  await run(`clear; seq -f 'row %04g of the history' 1 400; echo printed-$((1+1))`, 'printed-2');
  await phone.page.goto(`${house.url}/sessions/${id}`);
  await until('the phone shows it', async () => (await screenText(phone.page)).includes('printed-2'));
});
afterAll(async () => {
  await desk?.close();
  await phone?.close();
  await house?.stop();
});

/** At the desk, whose size it stays. */
async function run(line: string, until_: string): Promise<void> {
  await desk.type(line);
  await desk.press('Enter');
  await until(`the desk has printed ${until_}`, async () => (await desk.screen()).includes(until_));
}
const button = (name: string | RegExp) => phone.page.getByRole('button', { name });
const copied = () => phone.page.evaluate(() => navigator.clipboard.readText());
const box = async () => (await phone.page.locator('.xterm-box').boundingBox())!;
/** Rows that say something from the top of the box on, and where they stand in the window. */
async function rowsInSight(): Promise<{ says: string; y: number }[]> {
  const { y: top } = await box();
  const rows = await phone.page
    .locator('.xterm-rows > div')
    .evaluateAll((all) => all.map((row) => ({ says: (row as HTMLElement).innerText.trimEnd(), y: row.getBoundingClientRect().top })));
  return rows.filter(({ says, y }) => says !== '' && y >= top - 1);
}
const inSight = async () => (await rowsInSight()).map(({ says }) => says).join('\n');
/** A point of a word in the row that says `text`. */
async function pointOf(text: string, word = text): Promise<{ x: number; y: number }> {
  const row = phone.page.locator('.xterm-rows > div').filter({ hasText: text }).last();
  const place = (await row.boundingBox())!;
  const says = (await row.innerText()).replaceAll('\u00a0', ' ');
  const cell = (await phone.page.locator('.xterm-screen').boundingBox())!.width / (await house.get<Session>(`/sessions/${id}`)).cols;
  return { x: place.x + cell * (says.indexOf(word) + word.length / 2), y: place.y + place.height / 2 };
}
const scrollUp = async (by: number) => {
  const { x, y, width, height } = await box();
  await fingers.drag({ x: x + width / 2, y: y + height * 0.2 }, { x: x + width / 2, y: y + height * 0.2 + by });
  await atRest();
};
/** The momentum is spent: frames are counted and not time, for a busy browser draws none. */
const atRest = () =>
  phone.page.locator('.xterm-box').evaluate(async (one) => {
    let last = Number.NaN;
    for (let still = 0; still < 20; still = one.scrollTop === last ? still + 1 : 0) {
      last = one.scrollTop;
      await new Promise(requestAnimationFrame);
    }
  });
/** Remembers a row that is read, and gives by how many pixels it has moved since: the browser rounds by one or two. */
async function beingRead(): Promise<{ says: string; moved: () => Promise<number> }> {
  const { says, y } = (await rowsInSight())[4]!;
  return { says, moved: async () => Math.abs((await rowsInSight()).find((row) => row.says === says)!.y - y) };
}
const axe = async () => {
  const { violations } = await new AxeBuilder({ page: phone.page as never }).analyze();
  return violations.map(({ id: rule, nodes }) => `${rule}: ${nodes.map((node) => node.target).join(', ')}`);
};

describe('older lines', () => {
  it('come from home when one scrolls up, and stay while the desk prints', async () => {
    await button(/^Actual size/).click();
    await until('the newest line', async () => (await inSight()).includes('printed-2'));
    await scrollUp(300);
    await button('Newest').waitFor();
    await phone.page.getByText('Older output is in the log.').waitFor({ state: 'attached' });
    await until('all of it is there', () => phone.page.locator('.xterm-box').evaluate((one) => one.scrollHeight > 5000));
    await atRest();
    const read = await beingRead();
    expect(read.says).toMatch(/row 0\d\d\d of/);
    await run('seq 1 25; echo more-$((1+1))', 'more-2');
    await button(/^2\d new lines$/).waitFor();
    expect(await read.moved()).toBeLessThan(4);
    await phone.shot('reading-above');
    await button(/new lines$/).click();
    await until('the newest', async () => (await inSight()).includes('more-2'));
  });

  it('stay when the screen is skipped forward in a flood, and the newest is there when it is wanted', async () => {
    await scrollUp(250);
    await button('Newest').waitFor();
    const read = await beingRead();
    await run('seq 1 300000; echo flood-$((1+1))', 'flood-2');
    await button(/^\d+\+? new lines|^New output/).waitFor();
    expect(await read.moved()).toBeLessThan(4);
    await button(/new lines|New output/).click();
    await until('the newest', async () => (await inSight()).includes('flood-2'));
  });
});

describe('find', () => {
  it('finds in all that home keeps, steps, and says where it is', async () => {
    await run(`clear; seq -f 'needle %04g' 1 200; echo again-$((1+1))`, 'again-2');
    await button('Find in the terminal').click();
    const field = phone.page.getByRole('searchbox', { name: 'Find in the terminal' });
    await field.fill('NEEDLE 00');
    const count = phone.page.locator('.find-count');
    await until('all are found', async () => (await count.innerText()) === '99 of 99');
    await field.press('Enter');
    await until('an older one', async () => (await count.innerText()) === '98 of 99');
    await until('it is in sight', async () => (await inSight()).includes('needle 0098'));
    await phone.shot('find-actual');
    await button('Match case').click();
    await until('none in this case', async () => (await count.innerText()) === 'None');
    await button('Match case').click();
    await button(/^Text/).click();
    const text = phone.page.getByRole('region', { name: 'Terminal as text' });
    await button('Older match').click();
    await until('in the text too', async () => (await text.getByText('needle 0098', { exact: true }).boundingBox()) !== null);
    expect(await axe()).toEqual([]);
    await phone.shot('find-text');
    await button('Close the search').click();
  });
});

describe('text', () => {
  it('is live, can be selected by the browser, and gives whole lines', async () => {
    const text = phone.page.getByRole('region', { name: 'Terminal as text' });
    await button(/Newest|new line|New output/)
      .click({ timeout: 2000 })
      .catch(() => {
        // it stands at the newest line already
      });
    await run(`seq -s ' ' 1 40; echo live-$((1+1))`, 'live-2');
    await text.getByText('live-2', { exact: true }).waitFor();
    const line = text.getByText(/^1 2 3 .* 39 40$/);
    const said = await line.evaluate((one) => {
      getSelection()!.selectAllChildren(one);
      return String(getSelection());
    });
    expect(said).toMatch(/^1 2 3 .* 39 40$/);
    // what is drawn meanwhile leaves the selection alone
    await run('echo after-$((1+1))', 'after-2');
    await text.getByText('after-2', { exact: true }).waitFor();
    expect(await phone.page.evaluate(() => String(getSelection()))).toBe(said);
  });

  it('shows the screen of a program on the alternate screen', async () => {
    await desk.type(`printf '\\e[?1049h\\e[2J\\e[5;10Hfull screen\\e[20;1Hbottom'; read -r _; printf '\\e[?1049l'`);
    await desk.press('Enter');
    const text = phone.page.getByRole('region', { name: 'Terminal as text' });
    await text.getByText('full screen').waitFor();
    expect(await text.getByText('needle').count()).toBe(0);
    await desk.press('Enter');
    await text.getByText('after-2', { exact: true }).waitFor();
  });
});

describe('a finger', () => {
  it('that rests selects a word, drags on, and copies without blanks at the ends of lines', async () => {
    await button(/^Actual size/).click();
    await run(`clear; printf 'alpha beta   \\ngamma delta\\n'; echo words-$((1+1))`, 'words-2');
    await until('the phone shows it', async () => (await inSight()).includes('words-2'));
    await fingers.hold(await pointOf('gamma delta', 'delta'));
    const bar = phone.page.getByRole('toolbar', { name: 'Selection' });
    await bar.getByText('1 line').waitFor();
    await phone.shot('selection');
    expect(await axe()).toEqual([]);
    await bar.getByRole('button', { name: 'Copy' }).click();
    await bar.waitFor({ state: 'detached' });
    expect(await copied()).toBe('delta');
    await fingers.hold(await pointOf('alpha beta', 'beta'), await pointOf('gamma delta', 'gamma'));
    await bar.getByText('2 lines').waitFor();
    await bar.getByRole('button', { name: 'Copy' }).click();
    await until('it is copied', async () => /^beta\ngam/.test(await copied()));
  });

  it('moves either end by its handle', async () => {
    await fingers.hold(await pointOf('gamma delta', 'gamma'));
    const end = (await phone.page.getByRole('button', { name: 'End of the selection' }).boundingBox())!;
    const to = await pointOf('gamma delta', 'delta');
    const from = { x: end.x + end.width / 2, y: end.y + 8 };
    await fingers.drag(from, { x: to.x, y: from.y });
    await button('Copy').click();
    await until('it is longer', async () => /^gamma de/.test(await copied()));
  });

  it('selects all that is in sight, and joins what the terminal wrapped', async () => {
    const long = 'x'.repeat(130);
    await run(`clear; printf '%s end\\n' ${long}; echo long-$((1+1))`, 'long-2');
    await until('the phone shows it', async () => (await inSight()).includes('long-2'));
    await fingers.hold(await pointOf('long-2'));
    await button('All in sight').click();
    await button('Copy').click();
    await until('in one line', async () => (await copied()).includes(`${long} end\nlong-2`));
  });

  it('selects on the alternate screen, and nothing moves meanwhile', async () => {
    await desk.type(
      `printf '\\e[?1049h\\e[2J\\e[3;1Hstill here'; for i in 1 2 3 4 5 6 7 8; do sleep 0.3; printf '\\e[3;1Htick %s now' $i; done; read -r _; printf '\\e[?1049l'`,
    );
    await desk.press('Enter');
    await until('it ticks', async () => /tick/.test(await inSight()));
    await fingers.hold(await pointOf('now'));
    const held = await inSight();
    await until('home goes on', async () => (await house.get<{ screen: string }>(`/sessions/${id}/output`)).screen.includes('tick 8'));
    expect(await inSight()).toBe(held);
    await button('Copy').click();
    expect(await copied()).toBe('now');
    await until('it goes on here', async () => (await inSight()).includes('tick 8'));
    await desk.press('Enter');
  });

  it('that moves scrolls, and selects nothing', async () => {
    await until('back on the ordinary screen', async () => (await inSight()).includes('long-2'));
    await scrollUp(200);
    expect(await phone.page.getByRole('toolbar', { name: 'Selection' }).count()).toBe(0);
    await button(/Newest|new line/).click();
  });

  it('two of them zoom, and all of it fits again', async () => {
    const { x, y, width, height } = await box();
    const font = () => phone.page.locator('.xterm-rows').evaluate((rows) => Number.parseFloat(getComputedStyle(rows).fontSize));
    const before = await font();
    await fingers.pinch({ x: x + width / 2, y: y + height / 2 }, 100, 180);
    await until('it is larger', async () => (await font()) > before * 1.5);
    await phone.shot('zoomed');
    await fingers.pinch({ x: x + width / 2, y: y + height / 2 }, 300, 30);
    await until('nothing is drawn as selected', async () => (await phone.page.locator('.xterm-selection > *').count()) === 0);
    await until('all of it fits', () => button(/^Fit/).evaluate((one) => one.getAttribute('aria-pressed') === 'true'));
    await button(/^Actual size/).click();
  });
});

describe('E2: a link on a phone', () => {
  it('is found over the end of a row, and a tap shows where it leads', async () => {
    await run(`clear; printf '%070d https://example.org/a/very/long/path/that/wraps/around?q=1 end\\n' 0; echo url-$((1+1))`, 'url-2');
    await until('the phone shows it', async () => (await inSight()).includes('url-2'));
    const { x } = await box();
    const row = (await phone.page.locator('.xterm-rows > div').filter({ hasText: 'around?q=1' }).last().boundingBox())!;
    await fingers.tap({ x: x + 30, y: row.y + row.height / 2 });
    const sheet = phone.page.getByRole('dialog', { name: 'Open this address?' });
    await sheet.getByText('https://example.org/a/very/long/path/that/wraps/around?q=1', { exact: true }).waitFor();
    expect(phone.context.pages()).toHaveLength(1);
    await sheet.getByRole('button', { name: 'Copy' }).click();
    await sheet.getByText('Copied.').waitFor();
    expect(await copied()).toBe('https://example.org/a/very/long/path/that/wraps/around?q=1');
    expect(await axe()).toEqual([]);
    await sheet.getByRole('button', { name: 'Leave it' }).click();
  });

  it('in the text: OSC 8 shows its true target, another scheme is text', async () => {
    await run(
      String.raw`clear; printf '\e]8;;https://attacker.example/steal\e\\https://github.com/you\e]8;;\e\\ \e]8;;javascript:alert(1)\e\\click-me\e]8;;\e\\\n'; echo osc-$((1+1))`,
      'osc-2',
    );
    await button(/^Text/).click();
    const text = phone.page.getByRole('region', { name: 'Terminal as text' });
    await text.getByText('osc-2', { exact: true }).waitFor();
    expect(await text.getByRole('link', { name: 'click-me' }).count()).toBe(0);
    await text.getByRole('link', { name: 'https://github.com/you' }).click();
    const sheet = phone.page.getByRole('dialog', { name: 'Open this address?' });
    await sheet.getByText('https://attacker.example/steal').waitFor();
    await sheet.getByRole('button', { name: 'Leave it' }).click();
  });
});

describe('a phone on its side', () => {
  it('has more than twelve rows, and everything in reach', async () => {
    await button(/^Actual size/).click();
    await phone.page.setViewportSize({ width: 844, height: 390 });
    const { height } = await box();
    const row = (await phone.page.locator('.xterm-rows > div').first().boundingBox())!;
    expect(height / row.height).toBeGreaterThan(12);
    for (const name of [
      /^Fit/,
      /^Actual/,
      /^Text/,
      'Find in the terminal',
      'Use my size',
      'Send with Enter',
      'Esc, Escape',
      'More for this session',
    ])
      expect(await button(name).isVisible()).toBe(true);
    expect(await phone.page.getByRole('link', { name: 'Log' }).isVisible()).toBe(true);
    expect(await phone.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    expect(await axe()).toEqual([]);
    await phone.shot('side');
    await phone.page.setViewportSize({ width: 390, height: 844 });
  });

  it('complained about nothing', async () => {
    await typeLine(phone, 'true');
    expect(phone.complaints).toEqual([]);
  });
});
