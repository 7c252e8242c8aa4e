import type { WorkerMessage } from '../platform/worker-messages.ts';

/** The little of a service worker's world that our handlers use; tests bring their own. */
export interface Scope {
  readonly origin: string;
  readonly registration: Pick<ServiceWorkerRegistration, 'showNotification' | 'getNotifications' | 'pushManager'>;
  readonly clients: Pick<Clients, 'matchAll' | 'openWindow'>;
  readonly navigator: { setAppBadge?(count?: number): Promise<void>; clearAppBadge?(): Promise<void> };
}

/** Every open page of ours, also those that an older worker still serves. */
export function windows(scope: Scope): Promise<readonly WindowClient[]> {
  return scope.clients.matchAll({ type: 'window', includeUncontrolled: true });
}

/** Says it to every open page; true when there was one. */
export async function tellPages(scope: Scope, message: WorkerMessage): Promise<boolean> {
  const open = await windows(scope);
  for (const client of open) client.postMessage(message);
  return open.length > 0;
}
