/**
 * Draws the PNG icons from `public/icons/mark.svg`, once; the pictures are committed.
 *
 *   node pwa/test/icons.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';

const FOLDER = path.join(import.meta.dirname, '../public/icons');
const mark = readFileSync(path.join(FOLDER, 'mark.svg'), 'utf8');
/** Without the rounded corners: systems cut icons to their own shape. */
const square = mark.replace(' rx="112"', '');
/** A mask may take everything outside of the inner 80 %. */
const maskable = square.replace('translate(66 60) scale(19)', 'translate(104 99) scale(15.200)');
/** Android draws a notification's badge from its opacity alone. */
const badge = mark.replace(/<rect[^>]*>/, '').replaceAll('#ffb81c', '#ffffff');

const ICONS = [
  { file: '192.png', size: 192, svg: mark },
  { file: '512.png', size: 512, svg: mark },
  { file: '180.png', size: 180, svg: square },
  { file: 'maskable-512.png', size: 512, svg: maskable },
  { file: 'badge-96.png', size: 96, svg: badge },
];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
const page = await browser.newPage();
for (const { file, size, svg } of ICONS) {
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(`<style>body{margin:0}svg{display:block;width:100vw;height:100vh}</style>${svg}`);
  writeFileSync(path.join(FOLDER, file), await page.screenshot({ omitBackground: true }));
}
await browser.close();
