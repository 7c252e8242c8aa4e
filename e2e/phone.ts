/** A real browser at phone size. Screenshots are kept in `artefacts/`. */
import { existsSync, mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

const ARTEFACTS = path.resolve(import.meta.dirname, '../artefacts');
/** Pictures of the README, renewed by `AFIELD_UPDATE_PICTURES=1`. */
const IMAGES = path.resolve(import.meta.dirname, '../docs/images');
const PICTURES = new Set(['home-needs-you', 'claude-asks', 'vim-opened']);
const PLACES = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
/** Quiet, and as a container needs it. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const PHONE = { width: 390, height: 844 };
export const DESK = { width: 1280, height: 800 };

export interface Phone {
  page: Page;
  context: BrowserContext;
  /** Everything that the page complained about. */
  complaints: string[];
  /** Hosts (with port) that the page spoke to, by kind. */
  requests: { url: string; type: string }[];
  shot(name: string): Promise<void>;
  close(): Promise<void>;
}

export interface PhoneOptions {
  colorScheme?: 'light' | 'dark';
  viewport?: { width: number; height: number };
  permissions?: string[];
}

export async function openPhone(options: PhoneOptions = {}): Promise<Phone> {
  const executablePath = PLACES.find((place) => place !== undefined && existsSync(place));
  if (executablePath === undefined) throw new Error('No Chromium found. Install it, or name it with CHROMIUM=/path.');
  const profile = await mkdtemp(path.join(tmpdir(), 'afield-phone-'));
  const viewport = options.viewport ?? PHONE;
  const phone = viewport.width < 700;
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    args: FLAGS,
    viewport,
    deviceScaleFactor: phone ? 2 : 1,
    isMobile: phone,
    hasTouch: phone,
    colorScheme: options.colorScheme ?? 'light',
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    reducedMotion: 'reduce',
    ...(options.permissions ? { permissions: options.permissions } : {}),
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const complaints: string[] = [];
  const requests: { url: string; type: string }[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => requests.push({ url: request.url(), type: request.resourceType() }));
  page.on('websocket', (socket) => requests.push({ url: socket.url(), type: 'websocket' }));
  mkdirSync(ARTEFACTS, { recursive: true });
  return {
    page,
    context,
    complaints,
    requests,
    shot: async (name) => {
      await page.screenshot({ path: path.join(ARTEFACTS, `${name}.png`) });
      if (process.env.AFIELD_UPDATE_PICTURES === '1' && PICTURES.has(name))
        await page.screenshot({ path: path.join(IMAGES, `${name}.png`) });
    },
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}
