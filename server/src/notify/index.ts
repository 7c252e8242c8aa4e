/**
 * Notifications: `attention.ts` and `approval-attention.ts` decide when, `message.ts` what is said, a notifier brings it. A new way to
 * reach a person (ntfy, e-mail, a webhook) is one file that makes a `Notifier`, and one line in the list below.
 */
import type { LookupFunction } from 'node:net';
import type { PushMessage } from '@afield/shared/api/push.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { timestamp } from '../core/clock.ts';
import type { Clock } from '../core/ports.ts';
import type { Notify, PushStore } from '../core/push.ts';
import type { EventLog } from '../core/service.ts';
import { createApprovalAttention } from './approval-attention.ts';
import { createAttention } from './attention.ts';
import { createEndpointCheck } from './endpoint.ts';
import { approvalMessage, budgetMessage, deviceMessage, sessionMessage } from './message.ts';
import type { Notifier } from './notifier.ts';
import { createPushNotifier } from './push-notifier.ts';
import { loadVapidKeys, type SecretFiles, vapidSubject } from './vapid.ts';

/** Settings that concern notifications, by their names in the config file. */
export interface PushConfig {
  /** `mailto:` or `https:` contact for push services; null: the page's origin, else a fallback. */
  push_subject: string | null;
  /** Further push services: a host, or an origin. The owner answers for their addresses. */
  push_hosts: readonly string[];
  /** Where a phone opens the page. */
  pwa_url: string | null;
}

export interface NotifyDeps {
  config: PushConfig;
  /** File of the VAPID keys, in the keys folder; made when missing. */
  keyFile: string;
  secretFiles: SecretFiles;
  store: PushStore;
  events: Pick<EventLog, 'subscribe' | 'nextSeq'>;
  /**
   * What is asked of the sessions. Read at run time only, so it may be wired after `createNotify`: make notifications first, then
   * the sessions, so that what was lost with the last server is told too.
   */
  sessions: { lastInputAt(session_id: string): number | null };
  /** False for an agent without turns (a shell): its `idle` calls nobody. */
  takesTurns(agent: string): boolean;
  clock: Clock;
  /** Faults that end nothing. Never holds an endpoint or a key. */
  warn(message: string): void;
  /** For tests: how names of push services are resolved. */
  lookup?: LookupFunction;
}

/**
 * Starts listening at once. Throws `bad_request` for a subject or an endpoint in the config that cannot work, `unavailable` for a
 * key file that others may read or that is broken; each says what to do.
 */
export function createNotify({
  config,
  keyFile,
  secretFiles,
  store,
  events,
  sessions,
  takesTurns,
  clock,
  warn,
  lookup,
}: NotifyDeps): Notify {
  const subject = vapidSubject(config.push_subject, config.pwa_url);
  const check = createEndpointCheck(config.push_hosts);
  const { keys, made } = loadVapidKeys(keyFile, secretFiles);
  if (made) forgetAll(store, warn);

  const push = createPushNotifier({ clock, store, events, keys, subject, check, warn, ...(lookup ? { lookup } : {}) });
  const notifiers: readonly Notifier[] = [push];

  const tell = (message: PushMessage, options?: { except?: string }) => {
    for (const notifier of notifiers) notifier.notify(message, options);
  };
  const stamp = (seq: number) => ({ seq, timestamp: timestamp(clock) });

  const approvals = createApprovalAttention({ clock, tell: (call) => tell(approvalMessage(call, stamp(call.seq))) });
  const attention = createAttention({
    clock,
    lastInputAt: (id) => sessions.lastInputAt(id),
    takesTurns,
    approvalsWait: (id) => approvals.waits(id),
    tell: (reason) => tell(sessionMessage(reason, stamp(reason.seq))),
  });

  const forgetDevice = (device_id: string) => {
    for (const notifier of notifiers) notifier.forgetDevice(device_id);
  };

  const unsubscribe = events.subscribe((event: AfieldEvent) => {
    if (event.type === 'device.revoked') return forgetDevice(event.payload.device_id);
    if (event.type === 'device.paired') {
      const { device } = event.payload;
      return tell(deviceMessage(device, stamp(event.seq)), { except: device.id });
    }
    // Once each by itself: the event says which budgets came near their end with it.
    if (event.type === 'usage.updated' && event.session_id !== null)
      for (const crossing of event.payload.crossed ?? []) tell(budgetMessage(crossing, event.session_id, stamp(event.seq)));
    // Before the status, which says less.
    approvals.handle(event);
    attention.handle(event);
  });

  return {
    push: push.service,
    forgetDevice,
    checks: () => notifiers.flatMap((notifier) => notifier.checks()),
    async close() {
      unsubscribe();
      approvals.close();
      attention.close();
      await Promise.all(notifiers.map((notifier) => notifier.close()));
    },
  };
}

/** Subscriptions are bound to the key that they were made with (RFC 8292, section 4): a new key makes all of them worthless. */
function forgetAll(store: PushStore, warn: (message: string) => void): void {
  const rows = store.list();
  for (const row of rows) store.delete(row.device_id);
  if (rows.length > 0)
    warn(`The push key was missing and made anew: ${rows.length} devices subscribe again when Afield is opened on them.`);
}
