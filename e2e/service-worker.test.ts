/** The real service worker in a real browser: offline shell, update on request, pushes and taps. No home is needed. */
import type { PushMessage } from '@afield/shared/api/push.ts';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from './kit.ts';
import { openPhone, type Phone } from './phone.ts';
import { type DrivenWorker, driveWorker } from './service-worker.ts';
import { type StaticSite, serveSite } from './static-site.ts';

let phone: Phone;
let site: StaticSite;
let page: Page;
let worker: DrivenWorker;

beforeAll(async () => {
  phone = await openPhone({ permissions: ['notifications'] });
});
afterAll(() => phone?.close());

// An origin of its own for each test: nothing of another's worker is left there.
beforeEach(async () => {
  site = await serveSite();
  page = await phone.context.newPage();
  await page.goto(site.origin);
  worker = await driveWorker(page);
});
afterEach(async () => {
  await page?.close();
  await site?.close();
});

const message = (changes: Partial<PushMessage> = {}): string =>
  JSON.stringify({
    kind: 'waiting',
    title: 'claude needs an answer',
    body: 'Fix the checkout · wants to run a command',
    tag: 'session:1',
    path: '/sessions/019a0000-0000-7000-8000-000000000001',
    session_id: '019a0000-0000-7000-8000-000000000001',
    seq: 7,
    timestamp: new Date().toISOString(),
    ...changes,
  });
const heading = () => page.locator('h1').first();

describe('without a connection', () => {
  it('opens at any address of the app, from the files of one build', async () => {
    await until('the worker serves the page', () => page.evaluate(() => navigator.serviceWorker.controller !== null));
    const words = await heading().textContent();
    site.cut();
    await page.goto(`${site.origin}/sessions/019a0000-0000-7000-8000-000000000001`);
    await page.goto(site.origin);
    expect(await heading().textContent()).toBe(words);
    expect(page.url().startsWith(site.origin)).toBe(true);
  });

  it('leaves the addresses of a home server alone', async () => {
    await until('the worker serves the page', () => page.evaluate(() => navigator.serviceWorker.controller !== null));
    site.cut();
    const failed = await page.goto(`${site.origin}/api/v1/health`).catch((error: unknown) => String(error));
    expect(failed).toContain('ERR_');
  });
});

describe('a new version', () => {
  it('waits until the person asks for it, then takes over', async () => {
    await until('the worker serves the page', () => page.evaluate(() => navigator.serviceWorker.controller !== null));
    site.change('/sw.js', (text) => `${text}\n// another version`);
    await page.evaluate(async () => {
      await (await navigator.serviceWorker.ready).update();
    });
    const offer = page.getByText('A new version of Afield is ready.');
    await offer.waitFor();
    const old = await page.evaluate(() => navigator.serviceWorker.controller?.state);
    expect(old).toBe('activated');

    const reloaded = page.waitForEvent('load');
    await page.getByRole('button', { name: 'Reload now' }).click();
    await reloaded;
    const left = await until('the new one has taken over', () =>
      page.evaluate(async () => {
        const { waiting, active } = await navigator.serviceWorker.ready;
        return waiting === null && active?.state === 'activated' && navigator.serviceWorker.controller === active;
      }),
    );
    expect(left).toBe(true);
    expect(await offer.count()).toBe(0);
  });
});

describe('a push', () => {
  it('is shown with the server’s words, and the newest of a session replaces the older', async () => {
    await worker.deliver(message());
    await until('it is shown', async () => (await worker.shown()).length === 1);
    expect(await worker.shown()).toEqual([
      {
        title: 'claude needs an answer',
        body: 'Fix the checkout · wants to run a command',
        tag: 'session:1',
        path: '/sessions/019a0000-0000-7000-8000-000000000001',
      },
    ]);
    await worker.deliver(message({ kind: 'finished', title: 'Finished: Fix the checkout', seq: 9 }));
    await until('it is replaced', async () => (await worker.shown())[0]?.title === 'Finished: Fix the checkout');
    expect(await worker.shown()).toHaveLength(1);
  });

  it('users 2: is shown whatever it holds', async () => {
    await worker.deliver('this is not JSON');
    await until('it is shown', async () => (await worker.shown()).length === 1);
    expect(await worker.shown()).toMatchObject([{ title: 'Something happened at home', path: '/' }]);
  });

  it('never becomes markup', async () => {
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    await worker.deliver(message({ title: '<img src=x onerror=alert(1)>', body: '<b>bold</b>' }));
    await until('it is shown', async () => (await worker.shown()).length === 1);
    expect(await worker.shown()).toMatchObject([{ title: '<img src=x onerror=alert(1)>', body: '<b>bold</b>' }]);
    expect(complaints).toEqual([]);
  });

  it('shows while no page is open, and the next page knows that it came', async () => {
    await page.goto('about:blank');
    await worker.deliver(message());
    await page.goto(site.origin);
    await until('it is shown', async () => (await worker.shown()).length === 1);
    const arrival = await page.evaluate(
      () =>
        new Promise<{ seq: number; kind: string }>((resolve, reject) => {
          const opening = indexedDB.open('afield-push');
          opening.onerror = () => reject(opening.error);
          opening.onsuccess = () => {
            const reading = opening.result.transaction('facts').objectStore('facts').get('arrival');
            reading.onsuccess = () => resolve(reading.result);
          };
        }),
    );
    expect(arrival).toMatchObject({ seq: 7, kind: 'waiting' });
  });
});

describe('a tap', () => {
  it('closes the notification and tells the open page where to go', async () => {
    await page.evaluate(() => {
      const heard: unknown[] = [];
      Object.assign(window, { heard });
      navigator.serviceWorker.addEventListener('message', (event) => heard.push(event.data));
    });
    await worker.deliver(message());
    await until('it is shown', async () => (await worker.shown()).length === 1);
    await worker.tap('session:1');
    const heard = () => page.evaluate(() => (window as unknown as { heard: { type: string; path?: string }[] }).heard);
    const navigate = await until('the page is told', async () => (await heard()).find((one) => one.type === 'navigate'));
    expect(navigate.path).toBe('/sessions/019a0000-0000-7000-8000-000000000001');
    await until('it is closed', async () => (await worker.shown()).length === 0);
  });

  it.each(['https://attacker.example/', '//attacker.example/', '/#pair=v1.AAAA'])(
    'E11: leads nowhere but into the app: %s',
    async (path) => {
      await worker.deliver(message({ path }));
      await until('it is shown', async () => (await worker.shown()).length === 1);
      expect(await worker.shown()).toMatchObject([{ path: '/' }]);
      await worker.tap('session:1');
      await until('it is closed', async () => (await worker.shown()).length === 0);
      expect(new URL(page.url()).origin).toBe(site.origin);
      expect(phone.context.pages().filter((open) => open.url().includes('attacker'))).toEqual([]);
    },
  );
});
