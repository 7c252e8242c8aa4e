/** What Web Push needs from the store and offers to handlers and doctor. Implemented by `store/push.ts` and `notify/`. */
import type { PushState, PushSubscriptionBody } from '@afield/shared/api/push.ts';
import type { Check } from '@afield/shared/api/system.ts';

/** A device's subscription, one for each device. Times ISO 8601 UTC. */
export interface PushRow {
  device_id: string;
  /** Where the push service takes messages for this device: whoever knows it can write there, so it never goes into a log. */
  endpoint: string;
  /** Public key of the browser and secret shared with it, base64url (RFC 8291, section 2). */
  p256dh: string;
  auth: string;
  /** Set when the browser itself gave the subscription an end; almost none does. */
  expires_at: string | null;
  created_at: string;
  /** Last time that the device subscribed or said that the subscription still stands. */
  renewed_at: string;
  last_sent_at: string | null;
  /** When the device last told that a notification arrived. */
  last_confirmed_at: string | null;
  /** What went wrong last, and what to do; null after a message was taken. */
  last_error: string | null;
}

export interface PushStore {
  get(device_id: string): PushRow | null;
  list(): PushRow[];
  /** Writes the row of its device; takes the endpoint away from any other device that had it. */
  put(row: PushRow): void;
  update(device_id: string, changes: Partial<Pick<PushRow, 'last_sent_at' | 'last_confirmed_at' | 'last_error'>>): void;
  delete(device_id: string): void;
}

/** Web Push as the handlers see it; every call is about one device. */
export interface PushService {
  state(device_id: string): PushState;
  /** Stores or renews. Errors: push_refused when the endpoint belongs to no push service that we know. */
  subscribe(device_id: string, subscription: PushSubscriptionBody): PushState;
  unsubscribe(device_id: string): void;
  /**
   * Sends a real message now, without retries. Errors: not_found without a subscription, push_refused when the service does
   * not take it, rate_limited after 6 in a minute.
   */
  test(device_id: string): Promise<PushState>;
  /** The device showed the notification of this event. */
  confirm(device_id: string, seq: number): PushState;
}

/** Everything that leaves the house to call somebody; made by `createNotify`. */
export interface Notify {
  readonly push: PushService;
  /** Called when a device is revoked: its subscription ends in the same tick, a message under way is not sent again. */
  forgetDevice(device_id: string): void;
  /** For doctor. */
  checks(): Check[];
  /** Stops listening, drops what still waits. */
  close(): Promise<void>;
}
