import type { Arrival } from './push-record.ts';

/** What the service worker says to open pages. */
export type WorkerMessage =
  /** A notification was tapped: go there. */
  | { type: 'navigate'; path: string }
  /** A notification was shown. */
  | { type: 'push-arrived'; arrival: Arrival }
  /** The browser replaced or dropped the subscription: subscribe again. */
  | { type: 'push-changed' };

/** A path of this app and nothing else: no other origin, no query, no fragment (case E11: `#pair` never comes from a notification). */
export function appPath(path: unknown, origin: string): string {
  if (typeof path !== 'string' || !path.startsWith('/') || !URL.canParse(path, origin)) return '/';
  const url = new URL(path, origin);
  return url.origin === origin ? url.pathname : '/';
}

/** Null for anything that is none of ours, such as the messages of workbox. */
export function workerMessage(data: unknown, origin: string): WorkerMessage | null {
  if (typeof data !== 'object' || data === null) return null;
  const { type, path, arrival } = data as { type?: unknown; path?: unknown; arrival?: Arrival };
  if (type === 'navigate') return { type, path: appPath(path, origin) };
  if (type === 'push-arrived' && arrival !== undefined) return { type, arrival };
  return type === 'push-changed' ? { type } : null;
}
