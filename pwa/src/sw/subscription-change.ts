import { type Scope, tellPages } from './scope.ts';

/**
 * The browser replaced or dropped the subscription. Home must be told, and only a page can do that: an open one does it at once; else
 * the person is asked to open the app, since from now on nothing would arrive any more.
 */
export async function onSubscriptionChange(scope: Scope, oldKey: ArrayBuffer | null): Promise<void> {
  // Without a subscription the push service would not even deliver that something is wrong.
  if (oldKey !== null) {
    await scope.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: oldKey }).catch(() => undefined); // the page tries again and says why
  }
  if (await tellPages(scope, { type: 'push-changed' })) return;
  await scope.registration
    .showNotification('Notifications need a renewal', {
      body: 'Your browser changed how it is reached. Open Afield once, and your home server can call you again.',
      tag: 'push-changed',
      data: { path: '/settings', kind: 'push-changed', seq: -1 },
      icon: '/icons/192.png',
    })
    .catch(() => undefined); // no permission any more: that is what the change was
}
