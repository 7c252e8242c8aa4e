import type { PushMessage } from '@afield/shared/api/push.ts';
import type { Check } from '@afield/shared/api/system.ts';

/**
 * A way to reach a person who is not looking: Web Push, later ntfy, e-mail, webhooks. One file each, one line in `index.ts`.
 * It decides how, never whether: that is `attention.ts`.
 */
export interface Notifier {
  readonly name: string;
  /** Hands the message over. Never throws and never waits; retries are the notifier's own. `except`: a device that knows already. */
  notify(message: PushMessage, options?: { except?: string }): void;
  /** The device was revoked: nothing more goes to it. */
  forgetDevice(device_id: string): void;
  /** For doctor. */
  checks(): Check[];
  close(): Promise<void>;
}
