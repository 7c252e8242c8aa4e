/** Pictures and files in the chat of a phone, through the relay: from the composer to the history, as large as the screen, saved, and gone. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { becomes, sayInChat, startChat } from './chat-steps.ts';
import { type House, startHouse, until } from './kit.ts';
import { openPhone, type Phone } from './phone.ts';
import { pair } from './steps.ts';

const SMALL_AGENT = path.resolve(import.meta.dirname, '../server/src/runtimes/acp/small-agent.ts');
const PICTURE = path.resolve(import.meta.dirname, '../pwa/public/icons/192.png');

let folder: string;
let house: House;
let phone: Phone;
let id: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'afield-given-'));
  const small = { command: [process.execPath, SMALL_AGENT], chat: 'acp', env: { SMALL_AGENT_HOME: path.join(folder, 'small') } };
  [house, phone] = await Promise.all([startHouse({ config: { agents: { small } } }), openPhone()]);
  // how many addresses of bytes the page holds
  await phone.context.addInitScript(() => {
    const live = new Set<string>();
    Object.assign(window, { liveUrls: live });
    const { createObjectURL, revokeObjectURL } = URL;
    URL.createObjectURL = (blob: Blob) => {
      const url = createObjectURL.call(URL, blob);
      live.add(url);
      return url;
    };
    URL.revokeObjectURL = (url: string) => {
      live.delete(url);
      revokeObjectURL.call(URL, url);
    };
  });
  await pair(house, phone);
  id = await startChat(phone, 'small', 'Look at this', folder);
  await becomes(phone.page, 'idle');
});
afterAll(async () => {
  await phone?.close();
  await house?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

const preview = () => phone.page.locator('.chat .pic img[alt="dot.png"]');
const widthOf = (selector: string) =>
  phone.page.locator(selector).evaluate((element) => {
    const { complete, naturalWidth } = element as HTMLImageElement;
    return complete ? naturalWidth : 0;
  });
const isDrawn = (selector: string) => until(`${selector} is drawn`, async () => (await widthOf(selector)) === 192);
const heldUrls = () => phone.page.evaluate(() => (window as unknown as { liveUrls: Set<string> }).liveUrls.size);

describe('a picture and a file', () => {
  it('are seen before they are sent, and in the history after', async () => {
    const { page } = phone;
    await page.getByLabel('Files for the agent').setInputFiles([
      { name: 'note.txt', mimeType: 'text/plain', buffer: Buffer.from('a note') },
      { name: 'dot.png', mimeType: 'image/png', buffer: await readFile(PICTURE) },
    ]);
    await isDrawn('.comp-files img.thumb');
    await phone.shot('given-composer');
    await sayInChat(phone, 'SCENARIO:files');
    await page
      .locator('.chat')
      .getByText(/I got: text.*image image\/png/)
      .waitFor();
    await isDrawn('.chat .pic img[alt="dot.png"]');
    expect(await page.locator('.comp-files').count()).toBe(0);
    expect(await heldUrls()).toBe(1);
  });

  it('come from home when the device has them no more', async () => {
    await phone.page.reload();
    await isDrawn('.chat .pic img[alt="dot.png"]');
    await phone.shot('given-chat');
  });

  it('the picture is opened by a tap; Escape and Back close it, and nothing else', async () => {
    const { page } = phone;
    const large = page.getByRole('dialog', { name: 'dot.png' });
    for (const close of [
      () => page.keyboard.press('Escape'),
      () => page.goBack(),
      () => large.getByRole('button', { name: 'Close' }).click(),
    ]) {
      await preview().click();
      await isDrawn('dialog.view img');
      await phone.shot('given-large');
      await close();
      await large.waitFor({ state: 'detached' });
      expect(new URL(page.url()).pathname).toBe(`/sessions/${id}`);
      expect(await page.evaluate(() => document.activeElement?.querySelector('img')?.alt)).toBe('dot.png');
    }
    await until('only the preview is held', async () => (await heldUrls()) === 1);
  });

  it('the file is saved as it was given', async () => {
    const { page } = phone;
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.locator('.chat').getByRole('button', { name: 'Download note.txt' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('note.txt');
    expect(await readFile(await download.path(), 'utf8')).toBe('a note');
    expect(phone.requests.filter(({ url }) => url.includes('/attachments/'))).toEqual([]);
    expect(phone.complaints).toEqual([]);
  });
});

describe('out of sight', () => {
  it('nothing of it is held; without a line it says so, and comes by itself with the line', async () => {
    const { page } = phone;
    await sayInChat(phone, 'SCENARIO:burst:25');
    await page.locator('.chat').getByText('Step 25.').waitFor();
    await becomes(page, 'idle');
    await page.reload();
    await page.locator('.chat').getByText('Step 25.').waitFor();
    expect(await heldUrls()).toBe(0);
    await house.killRelay();
    await page.locator('.top', { hasText: /Relay down|Reconnecting/ }).waitFor();
    const pic = page.locator('.chat .pic');
    await until('the picture is in sight', async () => {
      await page.locator('.chat').evaluate((element) => element.scrollTo(0, 0));
      return (await pic.count()) === 1 && (await pic.isVisible());
    });
    await pic.getByText('No connection').waitFor();
    await pic.getByRole('button', { name: /^Try again/ }).click();
    await pic.getByText('No connection').waitFor();
    await phone.shot('given-offline');
    await house.startRelay();
    await isDrawn('.chat .pic img[alt="dot.png"]');
    await page.locator('.chat').evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await until('nothing is held', async () => (await heldUrls()) === 0);
  });

  it('what was deleted at home is said to be', async () => {
    const { page } = phone;
    const kept = path.join(house.home, 'recordings', id, 'attachments');
    for (const name of await readdir(kept)) await rm(path.join(kept, name));
    await page.reload();
    await page.locator('.chat').getByText('Step 25.').waitFor();
    const pic = page.locator('.chat .pic');
    await until('it is said', async () => {
      await page.locator('.chat').evaluate((element) => element.scrollTo(0, 0));
      return (await pic.count()) === 1 && (await pic.getByText('Deleted at home').count()) === 1;
    });
  });
});
