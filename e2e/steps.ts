/** What a person does with a phone, step by step. */
import type { Pairing } from '@afield/shared/api/devices.ts';
import type { Page } from 'playwright-core';
import type { House } from './kit.ts';
import type { Phone } from './phone.ts';

/** Opens the pairing link, compares fingerprint and digits, and arrives at Home. */
export async function pair(house: House, { page }: Phone): Promise<void> {
  const pairing = await house.json<Pairing>('pair');
  if (pairing.link === undefined) throw new Error('No link in the answer of afield pair.');
  await page.goto(pairing.link);
  await page.getByRole('button', { name: 'They are the same, connect' }).click();
  await page.getByRole('button', { name: 'Same number, finish' }).click();
  await page.getByText(/Home · relay \d+ ms/).waitFor();
}

/** Starts a session with a terminal on the New screen. Resolves when it shows something. Gives back its id. */
export async function startSession({ page }: Phone, agent: string, name: string, cwd?: string): Promise<string> {
  await page.getByRole('navigation').getByRole('link', { name: 'New' }).click();
  await page.locator(`input[name=agent][value=${agent}]`).check();
  const terminal = page.locator('input[name=face][value=terminal]');
  if ((await terminal.count()) > 0) await terminal.check({ force: true });
  if (cwd !== undefined) await page.getByLabel('Directory at home').fill(cwd);
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByRole('button', { name: new RegExp(`^Start ${agent}`, 'i') }).click();
  await page.waitForURL(/\/sessions\/[0-9a-f-]{36}/);
  await page.getByRole('heading', { name }).waitFor();
  await showTerminal(page);
  return new URL(page.url()).pathname.split('/')[2] as string;
}

/** Of a session with two faces the chat stands first. */
export async function showTerminal(page: Page): Promise<void> {
  const tab = page.getByRole('link', { name: 'Terminal', exact: true });
  await page.locator('.xterm-rows').or(tab).first().waitFor();
  if ((await tab.count()) > 0) await tab.click();
  await page.locator('.xterm-rows').waitFor();
}

/** Lines that the phone's terminal shows. */
export async function screenText(page: Page): Promise<string> {
  return (await page.locator('.xterm-rows > div').allInnerTexts()).map((line) => line.replaceAll('\u00a0', ' ').trimEnd()).join('\n');
}

/** Types into the composer and sends it with Enter. */
export async function typeLine({ page }: Phone, text: string): Promise<void> {
  const field = page.getByLabel('Text to type into the terminal');
  await field.fill(text);
  await page.getByRole('button', { name: 'Send with Enter' }).click();
}

export async function tapKey({ page }: Phone, name: string): Promise<void> {
  await page.getByRole('toolbar', { name: 'Keys' }).getByRole('button', { name, exact: true }).click();
}
