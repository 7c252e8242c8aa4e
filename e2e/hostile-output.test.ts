/** What a program prints stays inside of its screen: in a real browser, with a real terminal. */
import { readFile } from 'node:fs/promises';
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

/** JavaScript heap of the page after a collection, in MB. */
async function heapMB({ context, page }: Phone): Promise<number> {
  const cdp = await context.newCDPSession(page);
  await cdp.send('HeapProfiler.collectGarbage');
  const { usedSize } = (await cdp.send('Runtime.getHeapUsage')) as { usedSize: number };
  await cdp.detach();
  return usedSize / 1024 / 1024;
}

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
    // nor by another spelling that a terminal understands
    await typeLine(
      desktop,
      String.raw`clear; printf '\e]0052;c;aGFja2Vk\a\302\23552;c;aGFja2Vk\302\234\ePtmux;\e\e]52;c;aGFja2Vk\a\e\\\e]5\0002;c;aGFja2Vk\a'; echo spelt-$((1+1))`,
    );
    await shows('spelt-2');
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('mine');
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

  it('E3: notifications, files, colours and strings of every kind stay where they are, and nothing is typed', async () => {
    const { page } = desktop;
    await page.evaluate(() => {
      (window as unknown as { asked: number }).asked = 0;
      Notification.requestPermission = async () => {
        (window as unknown as { asked: number }).asked += 1;
        return 'denied';
      };
    });
    await typeLine(
      desktop,
      String.raw`clear; printf '\e]9;hi\a\e]777;notify;a;b\a\e]1337;File=name=eA==;inline=0:AAAA\a\e]4;1;?\a\e]10;?\a\eP$qm\e\\\e_Ga=q\e\\\e^pm\e\\\eXsos\e\\\e[>q\e[>c\e[=c\e[5n\e[?6n\e[14t\e[21t\005'; rest=; while IFS= read -rs -n 1 -t 1 k; do rest="$rest$k"; done; echo "status=$(printf %s "$rest" | grep -o '\[0n' | wc -l) quiet-$((1+1))"`,
    );
    // the mirror at home answers, once; nothing of it is left for the prompt
    await shows('status=1 quiet-2');
    await typeLine(desktop, 'echo prompt-$((1+1))');
    await shows('prompt-2');
    expect(await screenText(page)).not.toMatch(/\d+;\d+R|rgb:|notify|File=/);
    expect(await page.evaluate(() => (window as unknown as { asked: number }).asked)).toBe(0);
  });

  it('E4: ten megabytes of one OSC and a DCS without an end take no room, on the page and at home', async () => {
    const rss = async () => Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${house.server.child.pid}/status`, 'utf8'))?.[1]) / 1024;
    const before = [await heapMB(desktop), await rss()] as const;
    await typeLine(
      desktop,
      String.raw`clear; printf '\e]0;'; head -c 10000000 /dev/zero | tr '\0' x; printf '\aafter-osc-%s\n' $((1+1)); printf '\eP'; head -c 10000000 /dev/zero | tr '\0' y; printf '\e\\after-dcs-%s\n' $((1+1))`,
    );
    await shows('after-dcs-2');
    const screen = await screenText(desktop.page);
    expect(screen).toContain('after-osc-2');
    expect(screen).not.toMatch(/xxxx|yyyy/);
    const after = [await heapMB(desktop), await rss()] as const;
    expect(after[0] - before[0]).toBeLessThan(8);
    expect(after[1] - before[1]).toBeLessThan(80);
  });

  it('E4: an endless line, NUL and broken UTF-8 leave the terminal in order', async () => {
    await typeLine(
      desktop,
      String.raw`clear; head -c 3000000 /dev/zero | tr '\0' z; printf '\0\0\377\376\302\n'; clear; echo order-$((1+1))`,
    );
    await shows('order-2');
  });

  it('E5: nothing turns the direction of what is shown', async () => {
    await typeLine(
      desktop,
      String.raw`clear; printf 'rm -rf \342\200\256fdp.tluser\342\200\254 \342\201\246x\342\201\251\n'; echo turn-$((1+1))`,
    );
    await shows('turn-2');
    const line = (await screenText(desktop.page)).split('\n').find((one) => one.startsWith('rm -rf'));
    expect(line).toBe('rm -rf fdp.tluser x');
  });
});

describe('E9: a paste', () => {
  const paste = async (text: string) => {
    await desktop.page.evaluate((given) => navigator.clipboard.writeText(given), text);
    await desktop.page.locator('.xterm-helper-textarea').focus();
    await desktop.page.keyboard.press('Control+Shift+V');
  };
  it('of several lines is one for a shell that asked for it, without an end mark inside', async () => {
    await typeLine(desktop, 'clear; echo ready-$((1+1))');
    await shows('ready-2');
    await paste('echo one-$((1+1))\x1b[201~\necho two-$((1+1))');
    await shows('echo two-');
    const screen = await screenText(desktop.page);
    expect(screen).not.toMatch(/one-2|two-2|201~/);
    await desktop.page.keyboard.press('Enter');
    await shows('two-2');
  });
  it('is asked about where each line would run, and shows what is in it', async () => {
    await typeLine(desktop, String.raw`clear; printf '\e[?2004l'; echo plain-$((1+1)); cat`);
    // printed after the mode was left, so that the page knows of it
    await shows('plain-2');
    await paste('first\nrm \u202efr- x\n');
    const sheet = desktop.page.getByRole('dialog', { name: 'Send 2 lines?' });
    await sheet.getByText('rm ⟨U+202E⟩fr- x').waitFor();
    await desktop.shot('paste-asked');
    expect(await screenText(desktop.page)).not.toContain('first');
    await sheet.getByRole('button', { name: 'Look at it first' }).click();
    expect(await desktop.page.getByLabel('Text to type into the terminal').inputValue()).toContain('first\nrm');
    await desktop.page.getByLabel('Text to type into the terminal').fill('');
    await paste('plain\nlines\n');
    await desktop.page.getByRole('button', { name: 'Send 2 lines' }).click();
    await until('both came', async () => (await screenText(desktop.page)).split('lines').length > 2);
    await desktop.page.locator('.xterm-helper-textarea').focus();
    await desktop.page.keyboard.press('Control+C');
  });
});

describe('a keyboard and a mouse', () => {
  it('select and copy with Ctrl-Shift-C, without blanks at the ends of lines', async () => {
    const { page } = desktop;
    await typeLine(desktop, `clear; printf 'alpha beta   \\ngamma\\n'; echo mouse-$((1+1))`);
    await shows('mouse-2');
    const rows = page.locator('.xterm-rows > div');
    const first = (await rows.filter({ hasText: 'alpha beta' }).last().boundingBox())!;
    await page.mouse.move(first.x + 2, first.y + 8);
    await page.mouse.down();
    await page.mouse.move(first.x + 200, first.y + first.height + 8, { steps: 4 });
    await page.mouse.up();
    await page.keyboard.press('Control+Shift+C');
    await until('it is copied', async () => (await page.evaluate(() => navigator.clipboard.readText())) === 'alpha beta\ngamma');
  });
  it('find with Ctrl-Shift-F in the terminal and Ctrl-F beside it', async () => {
    const { page } = desktop;
    const field = page.getByRole('searchbox', { name: 'Find in the terminal' });
    await page.locator('.xterm-helper-textarea').focus();
    await page.keyboard.press('Control+Shift+F');
    await field.fill('gamma');
    await until('it is found', async () => /of \d/.test(await page.locator('.find-count').innerText()));
    await field.press('Escape');
    await page.getByLabel('Text to type into the terminal').focus();
    await page.keyboard.press('Control+F');
    await field.waitFor();
    await page.getByRole('button', { name: 'Close the search' }).click();
  });
});

it('a page that looks on while 100 MB are printed grows no larger', async () => {
  const flood = async (bytes: number, mark: string) => {
    await typeLine(desktop, `clear; yes '${'0123456789'.repeat(7)}' | head -c ${bytes}; echo; echo ${mark}-$((1+1))`);
    await until(mark, async () => (await screenText(desktop.page)).includes(`${mark}-2`), 90_000);
  };
  await flood(10_000_000, 'warm');
  const before = await heapMB(desktop);
  await flood(100_000_000, 'done');
  const after = await heapMB(desktop);
  console.log(`heap of the page before and after 100 MB: ${before.toFixed(1)} MB, ${after.toFixed(1)} MB`);
  expect(after - before).toBeLessThan(6);
});
