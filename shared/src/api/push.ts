import * as z from 'zod/mini';
import { route } from '../route.ts';
import { time } from './base.ts';

/** One subscription per device (W3C Push API `PushSubscription.toJSON()`). */
export const pushSubscription = z.strictObject({
  endpoint: z.url().check(z.maxLength(2048)),
  expirationTime: z.optional(z.nullable(z.number())),
  keys: z.strictObject({
    p256dh: z.string().check(z.regex(/^[A-Za-z0-9_-]{86,88}=?$/)),
    auth: z.string().check(z.regex(/^[A-Za-z0-9_-]{22}(==)?$/)),
  }),
});
export type PushSubscriptionBody = z.infer<typeof pushSubscription>;

export const pushState = z.object({
  /** VAPID public key for `pushManager.subscribe` (RFC 8292), base64url. */
  vapid_public_key: z.string(),
  subscribed: z.boolean(),
  last_confirmed_at: z.nullable(time),
  last_sent_at: z.nullable(time),
  last_error: z.nullable(z.string()),
});
export type PushState = z.infer<typeof pushState>;

/** What a notification carries (encrypted, RFC 8291). Title and body are made by the server, never by an agent. */
export const pushMessage = z.object({
  /** `answered`: what waited was answered elsewhere; it replaces the notification that said so. */
  kind: z.enum(['finished', 'failed', 'waiting', 'answered', 'lost', 'budget', 'test', 'device_paired']),
  title: z.string(),
  body: z.string(),
  /** One notification for each tag: `session:<id>`, so that a newer one replaces the older. */
  tag: z.string(),
  /** Path in the PWA that a tap opens. */
  path: z.string(),
  session_id: z.nullable(z.string()),
  /** Shown without a sound. */
  quiet: z.optional(z.boolean()),
  seq: z.int(),
  timestamp: time,
});
export type PushMessage = z.infer<typeof pushMessage>;

export const push = {
  getPush: route({
    method: 'GET',
    path: '/push/subscriptions',
    summary: 'Web Push state of the asking device',
    permission: 'push:write',
    response: pushState,
  }),
  subscribePush: route({
    method: 'POST',
    path: '/push/subscriptions',
    summary: 'Store or renew the subscription of the asking device',
    permission: 'push:write',
    body: pushSubscription,
    response: pushState,
    errors: ['push_refused'],
  }),
  unsubscribePush: route({
    method: 'DELETE',
    path: '/push/subscriptions',
    summary: 'Forget the subscription of the asking device',
    permission: 'push:write',
  }),
  testPush: route({
    method: 'POST',
    path: '/push/test',
    summary: 'Send a real test notification to the asking device',
    permission: 'push:write',
    response: pushState,
    errors: ['push_refused', 'not_found'],
  }),
  confirmPush: route({
    method: 'POST',
    path: '/push/confirmations',
    summary: 'The device tells that a notification arrived',
    permission: 'push:write',
    body: z.strictObject({ seq: z.int() }),
    response: pushState,
  }),
};
