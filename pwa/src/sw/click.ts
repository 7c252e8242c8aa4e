import { appPath } from '../platform/worker-messages.ts';
import type { NoticeData } from './notice.ts';
import { countOnBadge } from './push.ts';
import { type Scope, windows } from './scope.ts';

/** A tap: brings an open page to the front and sends it there, or opens one. */
export async function onNotificationClick(scope: Scope, notification: Pick<Notification, 'data' | 'close'>): Promise<void> {
  notification.close();
  const path = appPath((notification.data as Partial<NoticeData> | null)?.path, scope.origin);
  const open = await windows(scope);
  const page = open.find((client) => client.focused) ?? open.find((client) => client.visibilityState === 'visible') ?? open[0];
  if (page === undefined) {
    await scope.clients.openWindow(path);
  } else {
    page.postMessage({ type: 'navigate', path });
    // Some browsers let only a fresh tap bring a window to the front; it is at the right place all the same.
    await page.focus().catch(() => undefined);
  }
  await countOnBadge(scope).catch(() => undefined); // a number on an icon is not worth a failed tap
}
