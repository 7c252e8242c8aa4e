/**
 * A browser whose push service is a test's own receiver: `pushManager` asks it instead of the browser maker's, which a test cannot
 * reach. What arrives there is handed to the real service worker, as the browser would.
 */
import type { Phone } from './phone.ts';
import type { PushReceiver, TestSubscription } from './push-receiver.ts';

export interface PushBrowser {
  /** Every subscription that was made, newest last. */
  readonly subscriptions: TestSubscription[];
  /** From now on the push service is out of reach: subscribing never answers. */
  unreachable: boolean;
}

/** Call before the first page is loaded. */
export async function usePushReceiver({ context }: Phone, receiver: PushReceiver): Promise<PushBrowser> {
  const state: PushBrowser = { subscriptions: [], unreachable: false };
  let held: { json: TestSubscription['json']; key: string } | null = null;
  await context.exposeFunction('afieldTestSubscribe', async (key: string) => {
    if (state.unreachable) return new Promise(() => {});
    const subscription = receiver.subscribe(key);
    state.subscriptions.push(subscription);
    held = { json: subscription.json, key };
    return held;
  });
  await context.exposeFunction('afieldTestHeld', () => held);
  await context.exposeFunction('afieldTestUnsubscribe', () => {
    held = null;
  });
  await context.addInitScript(() => {
    interface Held {
      json: object;
      key: string;
    }
    const ours = window as unknown as {
      afieldTestSubscribe(key: unknown): Promise<Held>;
      afieldTestHeld(): Promise<Held | null>;
      afieldTestUnsubscribe(): Promise<void>;
    };
    const bytes = (text: string) =>
      Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0)).buffer;
    const shaped = ({ json, key }: Held) => ({
      toJSON: () => json,
      options: { userVisibleOnly: true, applicationServerKey: bytes(key) },
      unsubscribe: async () => {
        await ours.afieldTestUnsubscribe();
        return true;
      },
    });
    Object.assign(PushManager.prototype, {
      subscribe: async (options: { applicationServerKey: unknown }) => shaped(await ours.afieldTestSubscribe(options.applicationServerKey)),
      getSubscription: async () => {
        const found = await ours.afieldTestHeld();
        return found === null ? null : shaped(found);
      },
    });
  });
  return state;
}
