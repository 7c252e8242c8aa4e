/** The chat on a phone, through the relay, with the small agent that speaks ACP: from prompt to plan, approval, diff and end. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, becomes, openedTool, sayInChat, startChat, waitingCard } from './chat-steps.ts';
import { type House, startHouse, until } from './kit.ts';
import { openPhone, type Phone } from './phone.ts';
import { pair } from './steps.ts';

const SMALL_AGENT = path.resolve(import.meta.dirname, '../server/src/runtimes/acp/small-agent.ts');

let folder: string;
let house: House;
let phone: Phone;
let id: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'afield-chat-'));
  execFileSync('git', ['init', '-q', folder]);
  await writeFile(path.join(folder, 'README.md'), '# demo\n');
  const small = { command: [process.execPath, SMALL_AGENT], chat: 'acp', env: { SMALL_AGENT_HOME: path.join(folder, '.git/small') } };
  [house, phone] = await Promise.all([startHouse({ config: { agents: { small } } }), openPhone()]);
  await pair(house, phone);
  id = await startChat(phone, 'small', 'Say hello', folder);
});
afterAll(async () => {
  await phone?.close();
  await house?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

const inFolder = (name: string) => path.join(folder, name);
const chat = () => phone.page.locator('.chat');
const shows = (text: string | RegExp) => chat().getByText(text).last().waitFor();
describe('from prompt to end', () => {
  it('a session with a chat opens with it', async () => {
    expect(new URL(phone.page.url()).pathname).toBe(`/sessions/${id}`);
    await phone.page.getByRole('navigation', { name: 'Session' }).locator('a[aria-current=page]', { hasText: 'Chat' }).waitFor();
    await becomes(phone.page, 'idle');
    await shows('Nothing was said yet. Say what you want.');
  });

  it('the agent plans, asks with the exact change, and writes once it is allowed', async () => {
    const { page } = phone;
    await sayInChat(phone, 'SCENARIO:work');
    await page.getByRole('region', { name: /^Plan, step \d of 3$/ }).waitFor();
    await becomes(page, 'waiting');
    expect(existsSync(inFolder('hello.txt'))).toBe(false);
    const untold = 'Allow for session may cover more than this: nobody tells what. The agent calls it “Yes, for this session”';
    await waitingCard(phone).getByText(untold).waitFor();
    await phone.shot('chat-asked');
    await answer(phone, 'Allow once');
    await shows('Done with hello.txt.');
    await becomes(page, 'idle');
    expect(await readFile(inFolder('hello.txt'), 'utf8')).toBe('hello\nfrom the small agent\n');
    await page.locator('.ticks', { hasText: /^consumed \d\d:\d\d$/ }).waitFor();
    await page.getByRole('region', { name: 'Plan, step 3 of 3' }).waitFor();
  });

  it('its change is read as a diff, and what it cost stands in the header', async () => {
    const { page } = phone;
    const diff = (await openedTool(phone, 'hello.txt')).getByRole('group', { name: /^Changes of .*hello\.txt$/ });
    expect(await diff.locator('li.a').allInnerTexts()).toEqual([
      expect.stringContaining('hello'),
      expect.stringContaining('from the small agent'),
    ]);
    await page.getByRole('link', { name: /cost \$\d/ }).waitFor();
    await phone.shot('chat-diff');
  });

  it('what is denied is not done, and the chat says who answered', async () => {
    await sayInChat(phone, 'SCENARIO:bash');
    await answer(phone, 'Deny');
    await shows('It did not run.');
    await becomes(phone.page, 'idle');
    expect(existsSync(inFolder('made-by-bash'))).toBe(false);
    await chat()
      .getByRole('link', { name: /Deny.*touch made-by-bash/ })
      .waitFor();
  });

  it('an approval that is answered at the desk closes on the phone', async () => {
    await sayInChat(phone, 'SCENARIO:bash');
    await waitingCard(phone).waitFor();
    const answered = await house.cli('approve', 'Say hello');
    expect(answered.stderr + answered.stdout).toMatch(/touch made-by-bash|Allow/i);
    expect(answered.code).toBe(0);
    await shows('It ran.');
    expect(await waitingCard(phone).count()).toBe(0);
    expect(existsSync(inFolder('made-by-bash'))).toBe(true);
  });
});

describe('while it works', () => {
  it('a message waits in the queue, is changed and withdrawn; Stop ends the turn and not the session', async () => {
    const { page } = phone;
    await sayInChat(phone, 'SCENARIO:slow:100');
    await becomes(page, 'busy');
    await shows(/word3 /);
    await sayInChat(phone, 'And then?');
    await page.getByRole('button', { name: '1 queued' }).click();
    await page.getByRole('button', { name: 'Edit message 1' }).click();
    await page.getByLabel('Text of message 1').fill('And after that?');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('.queue-text', { hasText: 'And after that?' }).waitFor();
    await page.getByRole('button', { name: 'Withdraw message 1' }).click();
    await page.getByText('Nothing waits: the agent has everything.').waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await becomes(page, 'idle');
    await until('nothing runs any more', async () => (await page.getByRole('button', { name: /^Stop/ }).count()) === 0);
    await chat().getByText('And after that?').waitFor({ state: 'detached' });
  });

  it('model and mode are changed, and the header says it', async () => {
    const { page } = phone;
    await page.getByRole('button', { name: 'Model and mode' }).click();
    await page.getByRole('radio', { name: /^Auto/ }).click();
    await page.locator('.top .tag', { hasText: 'Auto' }).waitFor({ state: 'attached' });
    await page.getByRole('radio', { name: /^Auto/, checked: true }).waitFor();
    await page.getByRole('radio', { name: /^Ask/ }).click();
    await page.locator('.top .tag', { hasText: 'Ask' }).waitFor({ state: 'attached' });
    await page.getByRole('button', { name: 'Close' }).click();
  });

  it('its commands are offered behind a slash', async () => {
    const { page } = phone;
    await page.getByLabel('Message to the agent').fill('/gr');
    await page.getByRole('option', { name: '/greet' }).click();
    expect(await page.getByLabel('Message to the agent').inputValue()).toBe('/greet ');
    await page.getByLabel('Message to the agent').fill('');
  });

  it('files go along', async () => {
    const { page } = phone;
    await page.getByLabel('Files for the agent').setInputFiles([
      { name: 'note.txt', mimeType: 'text/plain', buffer: Buffer.from('a note') },
      { name: 'dot.png', mimeType: 'image/png', buffer: await readFile(path.resolve(import.meta.dirname, '../pwa/public/icons/192.png')) },
    ]);
    await page.getByRole('button', { name: 'Leave out dot.png' }).waitFor();
    await sayInChat(phone, 'SCENARIO:files');
    await shows(/I got: text.*image image\/png/);
    await chat().locator('.mine-files', { hasText: 'note.txt' }).waitFor();
  });
});

describe('a bad line', () => {
  it('what is written without a line is kept, and goes in order when it is back', async () => {
    const { page } = phone;
    await house.killRelay();
    await page.locator('.top', { hasText: /Relay down|Reconnecting/ }).waitFor();
    await sayInChat(phone, 'first without a line');
    await sayInChat(phone, 'second without a line');
    expect(await page.locator('.ticks', { hasText: 'on this device' }).count()).toBe(2);
    await phone.shot('chat-kept');
    await house.startRelay();
    await until('both have gone their way', async () => (await page.locator('.ticks', { hasText: 'on this device' }).count()) === 0);
    await becomes(page, 'idle');
    await until('both are in the history, in order', async () => {
      const mine = await page.locator('.mine').allInnerTexts();
      return (
        mine
          .slice(-2)
          .map((text) => text.replace(/^You:\s*/, ''))
          .join() === 'first without a line,second without a line'
      );
    });
  });

  it('the app that is closed and opened again shows the same', async () => {
    const { page } = phone;
    await page.reload();
    await shows('Hello from the small agent. Nothing was changed.');
    expect(await page.locator('.mine', { hasText: 'second without a line' }).count()).toBe(1);
  });
});

describe('E7: what an agent writes', () => {
  it('stays text: no markup, nothing loaded from elsewhere, and a link shows where it leads', async () => {
    const { page } = phone;
    const before = phone.complaints.length;
    await sayInChat(
      phone,
      'Hello <img src="https://evil.example/1.gif" onerror="document.title=1"> ![p](https://evil.example/2.gif) [safe](https://evil.example/3) [x](javascript:alert(1))',
    );
    await becomes(page, 'idle');
    await sayInChat(phone, 'SCENARIO:remember');
    const said = chat().locator('.theirs', { hasText: 'You said before' }).last();
    await said.getByRole('button', { name: 'safe' }).waitFor();
    expect(await said.locator('img, a').count()).toBe(0);
    expect(await said.innerText()).toContain('<img src="https://evil.example/1.gif" onerror="document.title=1">');
    await said.getByRole('button', { name: 'safe' }).click();
    await page.getByRole('dialog').getByText('https://evil.example/3').waitFor();
    await page.getByRole('button', { name: 'Leave it' }).click();
    expect(phone.requests.filter(({ url }) => url.includes('evil.example'))).toEqual([]);
    expect(phone.complaints.slice(before)).toEqual([]);
    await phone.shot('chat-hostile');
  });
});

describe('a long chat', () => {
  it('opens at its end, stays there while it grows, and holds what is read', async () => {
    const { page } = phone;
    await sayInChat(phone, 'SCENARIO:burst:400');
    await shows('Step 400.');
    await becomes(page, 'idle');
    await page.reload();
    await shows('Step 400.');
    expect(await page.locator('.chat-row').count()).toBeLessThan(60);
    const top = () => page.locator('.chat').evaluate((element) => element.scrollTop);
    await page.locator('.chat').evaluate((element) => element.scrollTo(0, 400));
    await page.getByRole('button', { name: 'To the newest' }).waitFor();
    await until('older ones are there', async () => (await top()) > 1_000);
    const read = page
      .locator('.theirs')
      .filter({ hasText: /^small: Step \d+\.$/ })
      .first();
    const words = await read.innerText();
    await house.cli('send', 'Say hello', 'SCENARIO:greet');
    await page.getByRole('button', { name: /^\d+ new below$/ }).waitFor();
    expect(await page.locator('.theirs', { hasText: words }).first().isVisible()).toBe(true);
    await page.getByRole('button', { name: /new below$/ }).click();
    await shows('Hello from the small agent. Nothing was changed.');
  });
});

describe('the end', () => {
  const remembers = (words: string) =>
    until(`it remembers ${words}`, async () => {
      const said = await chat().locator('.theirs').last().innerText();
      return said.includes('You said before') && said.includes(words);
    });

  it('a server that is killed takes nothing: the chat goes on with what the agent knew', async () => {
    await house.killServer();
    await house.startServer();
    await sayInChat(phone, 'SCENARIO:remember');
    await remembers('SCENARIO:greet');
    await becomes(phone.page, 'idle');
  });

  it('an agent that dies says so, and is resumed with what it knew', async () => {
    const { page } = phone;
    await sayInChat(phone, 'SCENARIO:die');
    await becomes(page, 'failed');
    await shows('Goodbye.');
    await page.getByText(/^The agent stopped at \d\d:\d\d, exit code 3\.$/).waitFor();
    expect(await page.getByLabel('Message to the agent').count()).toBe(0);
    await phone.shot('chat-failed');
    await page.getByRole('button', { name: 'Resume' }).click();
    await becomes(page, 'idle');
    await sayInChat(phone, 'SCENARIO:remember now');
    await remembers('SCENARIO:remember');
    expect(phone.complaints.filter((text) => !/WebSocket|ERR_CONNECTION/.test(text))).toEqual([]);
  });
});
