/** What a phone finds again, and what it sets up: logs, search, machines, projects, archive, history. Through relay and encryption. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type House, startHouse, until } from './kit.ts';
import { openPhone, type Phone } from './phone.ts';
import { pair, screenText, startSession, typeLine } from './steps.ts';

let house: House;
let phone: Phone;
let folder: string;
let session: string;

beforeAll(async () => {
  [house, phone, folder] = await Promise.all([startHouse(), openPhone(), mkdtemp(path.join(tmpdir(), 'afield-project-'))]);
  await pair(house, phone);
  session = await startSession(phone, 'shell', 'Look for a needle', folder);
  await typeLine(phone, 'echo found $((40+2)) needles in the haystack');
  await until('the phone shows it', async () => (await screenText(phone.page)).includes('found 42 needles'));
});
afterAll(async () => {
  await phone?.close();
  await house?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** By the tabs, as a person does. */
const home = () => phone.page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Home/ }).click();
async function more(name: string): Promise<void> {
  await phone.page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'More' }).click();
  await phone.page.getByRole('main').getByRole('link', { name }).click();
  await phone.page.getByRole('heading', { name, level: 1 }).waitFor();
}
const dock = (name: string) => phone.page.getByRole('navigation', { name: 'Session' }).getByRole('link', { name }).click();

describe('a phone', () => {
  it('reads the log by kind and by word, with marks', async () => {
    const { page } = phone;
    await dock('Log');
    const log = page.getByRole('list', { name: /Log entries/ });
    await log.getByText('found 42 needles').first().waitFor();
    await page.getByRole('button', { name: 'state', exact: true }).click();
    await until('only states are shown', async () =>
      (await log.getByRole('listitem').allInnerTexts()).every((text) => text.includes('state')),
    );
    await page.getByRole('button', { name: 'All', exact: true }).click();
    await page.getByLabel('Search the log').fill('needles hay');
    await page.locator('.log mark', { hasText: 'haystack' }).first().waitFor();
    await phone.shot('log-search');
  });

  it('hears what happens while it looks', async () => {
    const { page } = phone;
    await page.getByLabel('Search the log').fill('');
    await dock('Terminal');
    await typeLine(phone, 'sleep 1; echo later $((50+3)) more');
    await dock('Log');
    await page.locator('.log').getByText('later 53 more').first().waitFor();
  });

  it('finds it among all sessions, and goes to that place', async () => {
    const { page } = phone;
    await page.getByRole('link', { name: 'Back to Home' }).click();
    await page.getByRole('link', { name: 'Search all sessions' }).click();
    await page.getByLabel('Search all sessions').fill('42 needles');
    await page.getByRole('heading', { name: 'Look for a needle' }).waitFor();
    await phone.shot('search');
    await page.locator('.hit-row', { hasText: 'output' }).first().click();
    await page.locator('.log li[aria-current]', { hasText: '42 needles' }).waitFor();
    await phone.shot('log-at-a-place');
    await page.goBack();
    await page.getByRole('heading', { name: 'Look for a needle' }).waitFor();
    expect(await page.getByLabel('Search all sessions').inputValue()).toBe('42 needles');
  });

  it('says what to do when nothing is found', async () => {
    const { page } = phone;
    await page.getByLabel('Search all sessions').fill('nosuchword');
    await page.getByText('Nothing has “nosuchword”.').waitFor();
  });

  it('asks why a session is quiet, and is told how to see it in tmux', async () => {
    const { page } = phone;
    await page.goto(new URL(`/sessions/${session}/info`, page.url()).href);
    await page.getByRole('button', { name: 'Look now' }).click();
    await page.getByText(/Looked at \d\d:\d\d/).waitFor();
    await page.getByText('What was looked at').click();
    await page.getByText('No new text for').waitFor();
    await page.getByText(/tmux -S .* attach/).waitFor();
    await page.getByText('it goes on in tmux').waitFor();
    await phone.shot('info-quiet');
  });

  it('tells that the home server was away, and that nothing was lost', async () => {
    const { page } = phone;
    await page.getByRole('link', { name: 'Back to Home' }).click();
    await house.killServer();
    await page.getByText(/^Last seen/).waitFor();
    await house.startServer();
    await page.getByText(/The home server was away for .*; nothing was lost\./).waitFor({ timeout: 60_000 });
    await phone.shot('home-recovered');
    await page.getByRole('link', { name: /Look for a needle/ }).click();
    await typeLine(phone, 'echo still $((60+4)) there');
    await until('the session goes on', async () => (await screenText(page)).includes('still 64 there'));
  });

  it('looks at a machine, and adds one', async () => {
    const { page } = phone;
    await page.getByRole('link', { name: 'Back to Home' }).click();
    await more('Machines');
    await page.getByRole('link', { name: /^local/ }).click();
    await page.locator('.finding').first().waitFor();
    await phone.shot('machine-local');
    await page.getByRole('link', { name: 'Back to Machines' }).click();
    await page.getByRole('link', { name: 'Add a machine' }).click();
    await page.getByText('By a command').click();
    await page.getByLabel('Command before the agent’s own').fill('env AFIELD_TEST=boxed');
    await page.getByLabel('Name', { exact: true }).fill('boxed');
    await page.getByRole('button', { name: 'Add it' }).click();
    await page.getByRole('heading', { name: 'boxed', level: 1 }).waitFor();
    const { items } = await house.get<{ items: { name: string; prefix: string[] }[] }>('/machines');
    expect(items.find((one) => one.name === 'boxed')?.prefix).toEqual(['env', 'AFIELD_TEST=boxed']);
  });

  it('says why a host is not reached, and keeps what was typed', async () => {
    const { page } = phone;
    await page.getByRole('link', { name: 'Back to Machines' }).click();
    await page.getByRole('link', { name: 'Add a machine' }).click();
    await page.getByLabel('Host', { exact: true }).fill('127.0.0.1');
    await page.getByLabel('Port').fill('1');
    await page.getByLabel('Name', { exact: true }).fill('nobody');
    await page.getByRole('button', { name: 'Add it' }).click();
    await page.getByRole('alert').getByText('It was not added.').waitFor();
    await phone.shot('machine-not-added');
    expect(await page.getByLabel('Port').inputValue()).toBe('1');
  });

  it('adds a project whose variables reach the session, and are never told', async () => {
    const { page } = phone;
    await more('Projects');
    await page.getByRole('button', { name: 'Add a project' }).click();
    await page.getByLabel('Directory', { exact: true }).fill(folder);
    await page.getByLabel('Name', { exact: true }).fill('haystack');
    await page.getByRole('button', { name: 'Add a variable' }).click();
    await page.getByLabel('Name of variable 1').fill('AFIELD_E2E_SECRET');
    await page.getByLabel('Value of variable 1').fill('hunter2');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByText('1 variable').waitFor();
    await phone.shot('projects');
    await page.getByRole('button', { name: 'Change haystack' }).click();
    await page.getByText('AFIELD_E2E_SECRET').waitFor();
    expect(await page.content()).not.toContain('hunter2');
    await page.getByRole('button', { name: 'Leave it' }).click();
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'New' }).click();
    await page.getByLabel('Project').selectOption({ label: (await page.getByRole('option', { name: /^haystack/ }).innerText()).trim() });
    await page.locator('input[name=agent][value=shell]').check();
    await page.getByLabel('Name', { exact: true }).fill('With a secret');
    await phone.shot('new-session-project');
    await page.getByRole('button', { name: /^Start shell/ }).click();
    await page.locator('.xterm-rows').waitFor();
    await typeLine(phone, 'test "$AFIELD_E2E_SECRET" = hunter2 && echo it is $((70+5))');
    await until('the variable is there', async () => (await screenText(page)).includes('it is 75'));
  });

  it('archives all that ended, and brings one back', async () => {
    const { page } = phone;
    await typeLine(phone, 'exit');
    await page
      .getByText(/Finished/)
      .first()
      .waitFor();
    await page.getByRole('link', { name: 'Back to Home' }).click();
    await page.getByRole('link', { name: 'Archive', exact: true }).click();
    await page.getByRole('button', { name: 'Archive all that ended' }).click();
    const row = page.getByRole('listitem').filter({ hasText: 'With a secret' });
    await row.waitFor();
    await phone.shot('archive');
    await row.getByRole('link').click();
    await page.getByRole('heading', { name: 'With a secret', level: 1 }).waitFor();
    await page.getByRole('link', { name: 'Back to Home' }).click();
    await row.getByRole('button', { name: /Bring back/ }).click();
    await page.getByText('Nothing is archived.').waitFor();
    await home();
    await page.getByRole('link', { name: /With a secret/ }).waitFor();
  });

  it('tries what a smaller history would cost, and deletes nothing by it', async () => {
    const { page } = phone;
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'More' }).click();
    await page.getByText('Delete old history').click();
    await page.getByLabel('Keep days').fill('1');
    await page.getByRole('button', { name: 'Try it without deleting' }).click();
    await page.getByText('Nothing would go').waitFor();
    await phone.shot('history');
    const sessions = await house.get<{ items: unknown[] }>('/sessions');
    expect(sessions.items).toHaveLength(2);
    expect((await stat(folder)).isDirectory()).toBe(true);
  });

  it('complained about nothing but the killed server', () => {
    expect(phone.complaints.filter((text) => !/WebSocket|ERR_CONNECTION|net::/.test(text))).toEqual([]);
  });
});
