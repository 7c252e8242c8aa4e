/** Web Push as browsers really do it: the only place that knows their oddities. */
import type { PushSubscriptionBody } from '@afield/shared/api/push.ts';
import { openPushRecord, type PushRecord } from './push-record.ts';
import { type WorkerMessage, workerMessage } from './worker-messages.ts';

/** `insecure`: no https. `missing`: this browser, or this mode of it, has none; on iPhone and iPad outside of the home screen. */
export type PushSupport = 'ready' | 'insecure' | 'missing';

export interface PushPlatform {
  support(): PushSupport;
  permission(): NotificationPermission;
  /** Asks the person; must be called from a tap. */
  ask(): Promise<NotificationPermission>;
  /** What the browser holds now, and the key that it was made with; null: none. */
  current(): Promise<{ body: PushSubscriptionBody; key: string | null } | null>;
  /** Throws an `Error` fit for a person: refused, no service worker, or no push service within 20 s. `key`: base64url. */
  subscribe(key: string): Promise<PushSubscriptionBody>;
  /** Quiet when there is none. */
  unsubscribe(): Promise<void>;
  /** What the service worker says; returns how to stop. */
  onMessage(listener: (message: WorkerMessage) => void): () => void;
  /** The app is looked at: the number on its icon has done its work. */
  clearBadge(): void;
  /** What it left behind while no page was open. */
  readonly record: PushRecord;
}

/** `pushManager.subscribe` never answers where the browser cannot reach its push service: no network, a firewall, a browser without one. */
const SUBSCRIBE_MS = 20_000;
/** A worker is there within a second, or not at all: in a private window, in development. */
const WORKER_MS = 5_000;

export function browserPush(): PushPlatform {
  return {
    support() {
      if (!window.isSecureContext) return 'insecure';
      return 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window ? 'ready' : 'missing';
    },
    permission: () => ('Notification' in window ? Notification.permission : 'denied'),
    ask: () => Notification.requestPermission(),
    async current() {
      const subscription = await (await registration()).pushManager.getSubscription();
      return subscription === null ? null : { body: bodyOf(subscription), key: base64url(subscription.options.applicationServerKey) };
    },
    async subscribe(key) {
      const { pushManager } = await registration();
      const work = pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
      return bodyOf(
        await within(
          SUBSCRIBE_MS,
          work.catch(explain),
          'The browser’s push service does not answer. Check that this device is online and that no firewall or blocker stops it, then try again.',
        ),
      );
    },
    async unsubscribe() {
      const subscription = await (await registration()).pushManager.getSubscription();
      await subscription?.unsubscribe();
    },
    onMessage(listener) {
      const container = (navigator as Partial<Navigator>).serviceWorker;
      if (container === undefined) return () => {};
      const hear = ({ data }: MessageEvent<unknown>) => {
        const message = workerMessage(data, window.location.origin);
        if (message !== null) listener(message);
      };
      container.addEventListener('message', hear);
      // What came before the first listener waits until now.
      container.startMessages();
      return () => container.removeEventListener('message', hear);
    },
    clearBadge() {
      (navigator as Partial<Navigator>).clearAppBadge?.().catch(() => undefined); // a number on an icon, no more
    },
    record: openPushRecord(),
  };
}

function registration(): Promise<ServiceWorkerRegistration> {
  return within(
    WORKER_MS,
    navigator.serviceWorker.ready,
    'The part of Afield that receives notifications is not installed. Load the page again; a private window cannot have it.',
  );
}

/** The browsers' own words are English for programmers; these are for the person. */
function explain(cause: unknown): never {
  const name = cause instanceof Error ? cause.name : '';
  if (name === 'NotAllowedError') throw new Error('The browser does not allow notifications from this page.', { cause });
  if (name === 'AbortError')
    throw new Error(
      'The browser’s push service refused. It may be switched off in this browser: try another one, or look in its settings.',
      { cause },
    );
  throw new Error(`The browser could not subscribe${cause instanceof Error && cause.message !== '' ? `: ${cause.message}` : '.'}`, {
    cause,
  });
}

/** Rejects with `reason` when `work` takes longer than `ms`. */
export function within<T>(ms: number, work: Promise<T>, reason: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(reason)), ms);
    void work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function bodyOf(subscription: PushSubscription): PushSubscriptionBody {
  const { endpoint, expirationTime, keys } = subscription.toJSON();
  return { endpoint: endpoint ?? '', expirationTime: expirationTime ?? null, keys: { p256dh: keys?.p256dh ?? '', auth: keys?.auth ?? '' } };
}

function base64url(bytes: ArrayBuffer | null): string | null {
  if (bytes === null) return null;
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
