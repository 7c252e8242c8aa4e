/**
 * Looks at every scene in Chromium: a picture each in light and dark at phone size and one on a desk, axe on all of them, and that
 * nothing scrolls sideways at 320 px.
 *
 *   npx vite build --config pwa/test/vite.config.ts && node pwa/test/look.ts /tmp/pictures [scene …]
 */
import { createReadStream, existsSync, mkdirSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { chromium, type Page } from 'playwright-core';
import { type Scene, scenes } from './scenes.ts';
import { NOW } from './sessions.ts';

const DIST = process.env.LOOK_DIST ?? path.join(import.meta.dirname, 'dist');
const [out = '/tmp/afield-look', ...only] = process.argv.slice(2);
const TYPES: Record<string, string> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.html': 'text/html',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};

const server = createServer((request, response) => {
  const wanted = path.join(DIST, new URL(request.url ?? '/', 'http://x').pathname);
  const file = wanted.startsWith(DIST) && existsSync(wanted) && statSync(wanted).isFile() ? wanted : path.join(DIST, 'index.html');
  response.setHeader('content-type', TYPES[path.extname(file)] ?? 'application/octet-stream');
  createReadStream(file).pipe(response);
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
mkdirSync(out, { recursive: true });
let faults = 0;
const fault = (text: string) => {
  faults += 1;
  process.stdout.write(`${text}\n`);
};

const SIZES = [
  { name: 'light', width: 390, height: 844, colorScheme: 'light' },
  { name: 'dark', width: 390, height: 844, colorScheme: 'dark' },
  { name: 'desk', width: 1280, height: 800, colorScheme: 'light' },
] as const;

/** What a person does before the picture is taken. */
async function act(page: Page, { choose = [], check = [], open = [], press = [], type = [], after = [] }: Scene): Promise<void> {
  const button = (words: string) => page.getByRole('button', { name: new RegExp(`^${words}`) }).last();
  for (const [label, value] of choose) await page.getByLabel(label).selectOption(value);
  for (const words of check) {
    const radio = page.getByRole('radio', { name: words, exact: true });
    await ((await radio.count()) > 0 ? radio.first().check({ force: true }) : page.getByText(words).first().click());
    await page.clock.runFor(200);
  }
  for (const words of press) {
    if (open.length > 0 && (await button(words).count()) === 0) await unfold(page, open);
    await button(words).click();
    await page.clock.runFor(200);
  }
  await unfold(page, open);
  for (const [label, text] of type) await page.getByLabel(label).first().fill(text);
  await page.clock.runFor(600);
  for (const words of after) await button(words).click();
  await page.clock.runFor(600);
}

async function unfold(page: Page, summaries: readonly string[]): Promise<void> {
  for (const words of summaries) {
    const fold = page.locator('details:not([open]) > summary', { hasText: words });
    if ((await fold.count()) > 0) await fold.first().click();
  }
}

async function sideways(page: Page): Promise<number> {
  await page.setViewportSize({ width: 320, height: 700 });
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

for (const size of SIZES) {
  const context = await browser.newContext({
    viewport: { width: size.width, height: size.height },
    deviceScaleFactor: size.name === 'desk' ? 1 : 2,
    colorScheme: size.colorScheme,
    reducedMotion: 'reduce',
    timezoneId: 'UTC',
    hasTouch: size.name !== 'desk',
  });
  for (const name of Object.keys(scenes).filter((one) => only.length === 0 || only.includes(one))) {
    const page = await context.newPage();
    page.on('pageerror', (error) => fault(`${name} ${size.name}: ${error.message}`));
    page.on('console', (message) => message.type() === 'error' && fault(`${name} ${size.name}: ${message.text()}`));
    await page.clock.install({ time: NOW });
    await page.goto(`${base}/?scene=${name}`);
    await page.waitForSelector('h1');
    await page.clock.runFor(600);
    await act(page, scenes[name]!);
    await page.screenshot({ path: path.join(out, `${name}-${size.name}.png`) });
    const { violations } = await new AxeBuilder({ page }).analyze();
    for (const violation of violations) {
      fault(
        `${name} ${size.name}: axe ${violation.id}: ${violation.help}\n  ${violation.nodes.map((node) => `${node.target.join(' ')} ${node.any[0]?.message ?? ''}`).join('\n  ')}`,
      );
    }
    if (size.name === 'light') {
      const over = await sideways(page);
      if (over > 0) fault(`${name}: scrolls ${over} px sideways at 320 px`);
    }
    await page.close();
  }
  await context.close();
}
await browser.close();
server.close();
process.stdout.write(faults === 0 ? 'nothing wrong\n' : `${faults} faults\n`);
process.exitCode = faults === 0 ? 0 : 1;
