/** The Web Push notifier: subscriptions of the devices, and messages to all of them. */
import type { LookupFunction } from 'node:net';
import type { PushState } from '@afield/shared/api/push.ts';
import type { Check } from '@afield/shared/api/system.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { timestamp } from '../core/clock.ts';
import type { Clock } from '../core/ports.ts';
import type { PushRow, PushService, PushStore } from '../core/push.ts';
import type { EventLog } from '../core/service.ts';
import { createDelivery } from './delivery.ts';
import type { EndpointCheck } from './endpoint.ts';
import { testMessage } from './message.ts';
import type { Notifier } from './notifier.ts';
import type { VapidKeys, VapidSubject } from './vapid.ts';
import { checkSubscriptionKeys, createSender } from './web-push.ts';

/** Tests a device may ask for in a minute: enough to look for a fault, too few to be a nuisance to the push service. */
const TESTS_A_MINUTE = 6;

export interface PushNotifierDeps {
  clock: Clock;
  store: PushStore;
  events: Pick<EventLog, 'nextSeq'>;
  keys: VapidKeys;
  subject: VapidSubject;
  check: EndpointCheck;
  warn(message: string): void;
  lookup?: LookupFunction;
}

export function createPushNotifier(deps: PushNotifierDeps): Notifier & { readonly service: PushService } {
  const { clock, store, keys, check } = deps;
  const sender = createSender({ clock, keys, subject: deps.subject.subject, check, ...(deps.lookup ? { lookup: deps.lookup } : {}) });
  const delivery = createDelivery({ clock, store, sender, warn: deps.warn });
  /** Times of the tests in the last minute, on the monotonic clock; a device that is not in the store is not in here. */
  const tests = new Map<string, number[]>();

  const state = (device_id: string): PushState => describe(store.get(device_id), keys.publicKey);

  function countTest(device_id: string): void {
    const now = clock.monotonic();
    const recent = (tests.get(device_id) ?? []).filter((at) => now - at < 60_000);
    if (recent.length >= TESTS_A_MINUTE)
      throw new AfieldError('rate_limited', 'That was the sixth test in a minute. Wait a minute, then try again.');
    tests.set(device_id, [...recent, now]);
  }

  const forgetDevice = (device_id: string) => {
    store.delete(device_id);
    delivery.forget(device_id);
    tests.delete(device_id);
  };

  const service: PushService = {
    state,
    subscribe(device_id, body) {
      check(body.endpoint);
      checkSubscriptionKeys(body);
      const known = store.get(device_id);
      const now = timestamp(clock);
      const same = known?.endpoint === body.endpoint && known.p256dh === body.keys.p256dh && known.auth === body.keys.auth;
      store.put({
        device_id,
        endpoint: body.endpoint,
        p256dh: body.keys.p256dh,
        auth: body.keys.auth,
        expires_at: typeof body.expirationTime === 'number' ? isoOrNull(body.expirationTime) : null,
        created_at: same ? known.created_at : now,
        renewed_at: now,
        // What was proven of an old subscription says nothing of a new one.
        last_sent_at: same ? known.last_sent_at : null,
        last_confirmed_at: same ? known.last_confirmed_at : null,
        last_error: same ? known.last_error : null,
      });
      return state(device_id);
    },
    unsubscribe: forgetDevice,
    async test(device_id) {
      if (store.get(device_id) === null) {
        throw new AfieldError('not_found', 'This device has not asked for notifications. Turn them on first.');
      }
      countTest(device_id);
      const outcome = await delivery.once(
        device_id,
        testMessage({ seq: Math.max(0, deps.events.nextSeq() - 1), timestamp: timestamp(clock) }),
      );
      if (outcome.kind === 'taken') return state(device_id);
      throw new AfieldError('push_refused', outcome.kind === 'later' ? `${outcome.detail}. Try again in a minute.` : outcome.detail);
    },
    confirm(device_id, seq) {
      const row = store.get(device_id);
      // Only what was sent can have arrived.
      if (row !== null && row.last_sent_at !== null && seq < deps.events.nextSeq()) {
        store.update(device_id, { last_confirmed_at: timestamp(clock) });
      }
      return state(device_id);
    },
  };

  return {
    name: 'web-push',
    service,
    notify(message, { except } = {}) {
      for (const row of store.list()) {
        if (row.device_id !== except) delivery.enqueue(row.device_id, message);
      }
    },
    forgetDevice,
    checks: () => [doctor(store.list(), deps.subject)],
    close: () => delivery.close(),
  };
}

function describe(row: PushRow | null, vapid_public_key: string): PushState {
  return {
    vapid_public_key,
    subscribed: row !== null,
    last_confirmed_at: row?.last_confirmed_at ?? null,
    last_sent_at: row?.last_sent_at ?? null,
    last_error: row?.last_error ?? null,
  };
}

/** Out of range is as good as none: a browser's own number, and nothing hangs on it. */
function isoOrNull(ms: number): string | null {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

function doctor(rows: readonly PushRow[], subject: VapidSubject): Check {
  const broken = rows.find((row) => row.last_error !== null);
  if (broken !== undefined) {
    return {
      name: 'push',
      ok: false,
      level: 'warning',
      detail: `A notification did not go out. ${broken.last_error}`,
      fix: 'Send a test from the settings of that device.',
    };
  }
  const silent = rows.filter((row) => row.last_sent_at !== null && row.last_confirmed_at === null).length;
  if (silent > 0) {
    return {
      name: 'push',
      ok: false,
      level: 'warning',
      detail: `${silent} of ${rows.length} subscribed devices never said that a notification arrived.`,
      fix: 'Open Afield on the device and send a test from its settings.',
    };
  }
  if (rows.length > 0 && subject.source === 'fallback') {
    return {
      name: 'push',
      ok: true,
      level: 'hint',
      detail: `${rows.length} devices are subscribed. No contact for push services is configured.`,
      fix: 'Set push_subject to mailto:you@your-domain in the config file; Apple may refuse messages without it.',
    };
  }
  return {
    name: 'push',
    ok: true,
    level: 'ok',
    detail: rows.length === 0 ? 'No device asked for notifications.' : `${rows.length} devices are subscribed.`,
    fix: null,
  };
}
