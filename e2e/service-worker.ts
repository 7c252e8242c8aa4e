/** The service worker of a page, driven as the browser itself would: pushes arrive, notifications are tapped. */
import type { CDPSession, Page, Worker } from 'playwright-core';
import { until } from './kit.ts';

interface ShownNotification {
  title: string;
  body: string;
  tag: string;
  path: string;
}

export interface DrivenWorker {
  /** Lets a push arrive, as decrypted by the browser. */
  deliver(payload: string): Promise<void>;
  shown(): Promise<ShownNotification[]>;
  /** Taps the notification of this tag. */
  tap(tag: string): Promise<void>;
}

/** The page must have loaded and registered its worker; waits until that is active. */
export async function driveWorker(page: Page): Promise<DrivenWorker> {
  const origin = new URL(page.url()).origin;
  await until('the service worker of the page is active', () =>
    page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.active?.state === 'activated'),
  );
  const cdp = await page.context().newCDPSession(page);
  const registrationId = await registrationOf(cdp, origin);
  const worker = (): Worker => {
    const found = page
      .context()
      .serviceWorkers()
      .find((one) => one.url().startsWith(origin));
    if (found === undefined) throw new Error('no service worker runs');
    return found;
  };
  return {
    async deliver(payload) {
      await cdp.send('ServiceWorker.deliverPushMessage', { origin, registrationId, data: payload });
    },
    shown: () =>
      page.evaluate(async () => {
        const registration = await navigator.serviceWorker.ready;
        const notifications = await registration.getNotifications();
        return notifications.map(({ title, body, tag, data }) => ({ title, body, tag, path: String(data?.path) }));
      }),
    tap: (tag) =>
      worker().evaluate(async (wanted) => {
        const scope = globalThis as unknown as { registration: ServiceWorkerRegistration; dispatchEvent(event: Event): boolean };
        const [notification] = await scope.registration.getNotifications({ tag: wanted });
        const Tap = (globalThis as unknown as { NotificationEvent: new (type: string, init: object) => Event }).NotificationEvent;
        if (notification === undefined) throw new Error(`no notification has the tag ${wanted}`);
        scope.dispatchEvent(new Tap('notificationclick', { notification }));
      }, tag),
  };
}

async function registrationOf(cdp: CDPSession, origin: string): Promise<string> {
  let id: string | undefined;
  cdp.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
    id = registrations.find((one) => one.scopeURL.startsWith(origin) && !one.isDeleted)?.registrationId ?? id;
  });
  await cdp.send('ServiceWorker.enable');
  return until('the registration of the service worker', () => id);
}
