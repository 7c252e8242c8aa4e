/** The service worker: keeps the app at hand without a connection, and shows what home has to say. It never reaches home itself. */
import { clientsClaim } from 'workbox-core';
import { cleanupOutdatedCaches, createHandlerBoundToURL, type PrecacheEntry, precacheAndRoute } from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';
import { openPushRecord } from './platform/push-record.ts';
import { onNotificationClick } from './sw/click.ts';
import { countOnBadge, onPush } from './sw/push.ts';
import type { Scope } from './sw/scope.ts';
import { onSubscriptionChange } from './sw/subscription-change.ts';

declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: (PrecacheEntry | string)[] };

// The app: every file of one build, whole or not at all; an address of the app is its one page. What the home server answers on the
// same origin is not the app's.
cleanupOutdatedCaches();
precacheAndRoute(self.__WB_MANIFEST);
registerRoute(new NavigationRoute(createHandlerBoundToURL('/index.html'), { denylist: [/^\/api\//, /^\/ws$/] }));
clientsClaim();

// A new version waits until its person says so: a page is never swapped under somebody's hands.
self.addEventListener('message', (event) => {
  if ((event.data as { type?: unknown } | null)?.type === 'SKIP_WAITING') event.waitUntil(self.skipWaiting());
});

const scope: Scope = {
  origin: self.location.origin,
  registration: self.registration,
  clients: self.clients,
  navigator: self.navigator as Scope['navigator'],
};
const record = openPushRecord();

self.addEventListener('push', (event) => {
  event.waitUntil(onPush(scope, record, payloadOf(event.data), Date.now()));
});
self.addEventListener('notificationclick', (event) => event.waitUntil(onNotificationClick(scope, event.notification)));
self.addEventListener('notificationclose', (event) => event.waitUntil(countOnBadge(scope)));
self.addEventListener('pushsubscriptionchange', (event) => {
  const { oldSubscription } = event as ExtendableEvent & { oldSubscription?: PushSubscription | null };
  (event as ExtendableEvent).waitUntil(onSubscriptionChange(scope, oldSubscription?.options.applicationServerKey ?? null));
});

function payloadOf(data: PushMessageData | null): unknown {
  try {
    return data?.json();
  } catch {
    // Not ours, or cut: it is shown as something that happened.
    return undefined;
  }
}
