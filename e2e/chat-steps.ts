/** What a person does in the chat of a phone, step by step. */
import type { Locator, Page } from 'playwright-core';
import { until } from './kit.ts';
import type { Phone } from './phone.ts';

/** Starts a chat on the New screen. Resolves when something can be written. Gives back the session's id. */
export async function startChat({ page }: Phone, agent: string, name: string, cwd: string): Promise<string> {
  await page.getByRole('navigation').getByRole('link', { name: 'New' }).click();
  await page.locator(`input[name=agent][value=${agent}]`).check();
  const face = page.getByRole('radio', { name: 'Chat', exact: true });
  if ((await face.count()) > 0) await face.check({ force: true });
  await page.getByLabel('Directory at home').fill(cwd);
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByRole('button', { name: new RegExp(`^Start ${agent}`, 'i') }).click();
  await page.waitForURL(/\/sessions\/[0-9a-f-]{36}/);
  await page.getByRole('heading', { name, level: 1 }).waitFor();
  await page.getByLabel('Message to the agent').waitFor();
  return new URL(page.url()).pathname.split('/')[2] as string;
}

/** Writes and sends. */
export async function sayInChat({ page }: Phone, text: string): Promise<void> {
  await page.getByLabel('Message to the agent').fill(text);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
}

/** The approval that waits, as it stands in the chat. */
export function waitingCard({ page }: Phone): Locator {
  return page.locator('.chat .appr[data-open="true"]');
}

/** The last call of a tool with these words in its line, unfolded. */
export async function openedTool({ page }: Phone, words: string | RegExp): Promise<Locator> {
  const tool = page.locator('.chat .tool', { hasText: words }).last();
  await tool.waitFor();
  if ((await tool.getAttribute('open')) === null) await tool.locator('summary').click();
  return tool;
}

/** The word in the header. */
export async function becomes(page: Page, status: string): Promise<void> {
  await page.locator('.top .st', { hasText: new RegExp(`^${status}$`) }).waitFor();
}

/** Presses a button of the card that waits until it is taken: one that has just moved ignores the first touch. */
export async function answer(phone: Phone, words: string): Promise<void> {
  const card = waitingCard(phone);
  await card.first().waitFor();
  await until(`${words} is taken`, async () => {
    if ((await card.count()) === 0) return true;
    const button = card.first().getByRole('button', { name: words, exact: true });
    await button.click({ timeout: 2_000 }).catch(() => undefined); // it went meanwhile
    return (await card.count()) === 0;
  });
}
