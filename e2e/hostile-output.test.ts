/** What a program prints stays inside of its screen: in a real browser, with a real terminal. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDesk } from './desk.ts';
import { type House, startHouse, until } from './kit.ts';
import { DESK, openPhone, type Phone } from './phone.ts';
import { pair, screenText, startSession, typeLine } from './steps.ts';

let house: House;
let desktop: Phone;
let id: string;

beforeAll(async () => {
  [house, desktop] = await Promise.all([startHouse(), openPhone({ viewport: DESK, permissions: ['clipboard-read', 'clipboard-write'] })]);
  await pair(house, desktop);
  id = await startSession(desktop, 'shell', 'Hostile');
  await until('the prompt', async () => /[$#] *$/m.test(await screenText(desktop.page)));
});
afterAll(async () => {
  await desktop?.close();
  await house?.stop();
});

const shows = (text: string) => until(`the terminal shows ${text}`, async () => (await screenText(desktop.page)).includes(text));

/** The middle of the first words of a line in the terminal. */
async function placeOf(words: string): Promise<{ x: number; y: number }> {
  const box = await desktop.page.locator('.xterm-rows > div').filter({ hasText: words }).last().boundingBox();
  if (box === null) throw new Error(`${words} is not on the screen.`);
  return { x: box.x + 34, y: box.y + box.height / 2 };
}

/** Moves onto a link that the terminal offers; it says so with its pointer. */
async function hover(words: string): Promise<void> {
  const { x, y } = await placeOf(words);
  await until(`${words} is offered as a link`, async () => {
    await desktop.page.mouse.move(x - 6, y);
    await desktop.page.mouse.move(x, y);
    return (await desktop.page.locator('.xterm-screen.xterm-cursor-pointer').count()) === 1;
  });
}

describe('a program that wants more than its screen', () => {
  it('E1: neither writes nor reads the clipboard', async () => {
    const { page } = desktop;
    await page.evaluate(() => navigator.clipboard.writeText('mine'));
    await typeLine(desktop, String.raw`clear; printf '\e]52;c;aGFja2Vk\a\e]52;c;?\a'; echo clip-$((1+1))`);
    await shows('clip-2');
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('mine');
    expect(await screenText(page)).not.toMatch(/]52|bWluZQ/);
  });

  it('E2: a link of another kind does nothing, and one that lies is shown with its true target', async () => {
    const { page } = desktop;
    const dialogs: string[] = [];
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    const link = (target: string, text: string) => String.raw`\e]8;;${target}\e\\${text}\e]8;;\e\\\n`;
    const lying = link('https://attacker.example/steal', 'https://github.com/you');
    await typeLine(desktop, `clear; printf '${link('javascript:alert(1)', 'click-me-now')}${lying}'; echo lie-$((1+1))`);
    await shows('lie-2');
    // the other link shows that the terminal looks for links at all
    await hover('https://github.com/you');
    const bad = await placeOf('click-me-now');
    await page.mouse.click(bad.x, bad.y);
    expect(await page.locator('dialog[open]').count()).toBe(0);
    await hover('https://github.com/you');
    const good = await placeOf('https://github.com/you');
    await page.mouse.click(good.x, good.y);
    expect(dialogs).toEqual([]);

    const sheet = page.getByRole('dialog', { name: 'Open this address?' });
    await sheet.getByText('https://attacker.example/steal').waitFor();
    await desktop.shot('link-true-target');
    await sheet.getByRole('button', { name: 'Leave it' }).click();
    expect(desktop.context.pages()).toHaveLength(1);
  });

  it('E3: a question to the terminal is answered once, with a page and a desk looking on', async () => {
    const desk = await openDesk([process.execPath, 'server/bin/afield.mjs', 'attach', '--look', id], house.env);
    try {
      await until('the desk looks on', async () => (await desk.screen()).includes('lie-2'));
      await typeLine(
        desktop,
        String.raw`clear; printf '\e[c\e]11;?\a\e[6n'; IFS= read -rs -d c -t 3 a; while IFS= read -rs -n 1 -t 1 k; do rest="$rest$k"; done; echo "first=$((${'$'}{#a}>0)) again=$(printf %s "$rest" | grep -o '\[?' | wc -l) end"`,
      );
      await shows('first=1 again=0 end');
    } finally {
      await desk.close();
    }
  });

  it('E3: the title of the page is not the title of the program', async () => {
    await typeLine(desktop, String.raw`printf '\e]0;You have won\a'; echo title-$((1+1))`);
    await shows('title-2');
    expect(await desktop.page.title()).not.toContain('You have won');
  });
});
