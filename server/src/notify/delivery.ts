/** Brings messages to devices: one lane a device, in order, with bounded retries. */
import type { PushMessage } from '@afield/shared/api/push.ts';
import { timestamp } from '../core/clock.ts';
import type { Clock } from '../core/ports.ts';
import type { PushStore } from '../core/push.ts';
import type { Outcome, Sender } from './web-push.ts';

/** Waits between attempts when the service names no time. After the last the message is given up; the app still has its news. */
const BACKOFF_MS: readonly number[] = [5_000, 20_000, 60_000, 300_000, 900_000];
/** A service that asks for longer than this has, in effect, refused. */
const MAX_RETRY_AFTER_MS = 60 * 60 * 1000;
/** Messages that wait for one device, one for each tag. More: the oldest is dropped, its session shows in the app. */
const MAX_WAITING = 32;

interface Lane {
  waiting: PushMessage[];
  /** Attempts that failed in a row. */
  failures: number;
  sending: boolean;
  timer: { cancel(): void } | null;
  /** The push service named the time: a newer message does not shorten the wait. */
  told: boolean;
}

export interface Delivery {
  enqueue(device_id: string, message: PushMessage): void;
  /** One attempt now, past the lane; records what came of it. */
  once(device_id: string, message: PushMessage): Promise<Outcome>;
  forget(device_id: string): void;
  close(): Promise<void>;
}

export interface DeliveryDeps {
  clock: Clock;
  store: PushStore;
  sender: Sender;
  warn(message: string): void;
}

export function createDelivery({ clock, store, sender, warn }: DeliveryDeps): Delivery {
  const lanes = new Map<string, Lane>();
  const flights = new Set<Promise<unknown>>();
  let closed = false;

  async function once(device_id: string, message: PushMessage): Promise<Outcome> {
    const row = store.get(device_id);
    if (row === null) return { kind: 'gone', detail: 'This device has no subscription.' };
    const outcome = await sender.send(row, message);
    // The device may have subscribed anew, or been revoked, while the message was on its way.
    if (!closed && store.get(device_id)?.endpoint === row.endpoint) record(device_id, outcome);
    return outcome;
  }

  function record(device_id: string, outcome: Outcome): void {
    if (outcome.kind === 'taken') store.update(device_id, { last_sent_at: timestamp(clock), last_error: null });
    else if (outcome.kind === 'gone') store.delete(device_id);
    else store.update(device_id, { last_error: outcome.detail });
    if (outcome.kind !== 'taken') warn(`push to device ${device_id}: ${outcome.detail}`);
  }

  function pump(device_id: string, lane: Lane): void {
    const message = lane.waiting[0];
    if (lane.sending || lane.timer !== null) return;
    if (message === undefined) {
      if (lanes.get(device_id) === lane) lanes.delete(device_id);
      return;
    }
    lane.sending = true;
    const flight = once(device_id, message)
      .then((outcome) => settle(lane, message, outcome))
      .catch((cause: unknown) => {
        // Nothing but the store can throw here; the message is dropped rather than tried for ever.
        warn(`push to device ${device_id}: ${cause instanceof Error ? cause.message : 'failed'}`);
        lane.waiting = lane.waiting.filter((other) => other !== message);
      })
      .finally(() => {
        flights.delete(flight);
        lane.sending = false;
        if (lanes.get(device_id) === lane) pump(device_id, lane);
      });
    flights.add(flight);

    function settle(into: Lane, sent: PushMessage, outcome: Outcome): void {
      if (outcome.kind === 'gone' || lanes.get(device_id) !== into) {
        into.waiting = [];
        return;
      }
      const wait = outcome.kind === 'later' ? (outcome.afterMs ?? BACKOFF_MS[into.failures]) : undefined;
      if (outcome.kind === 'later' && wait !== undefined && wait <= MAX_RETRY_AFTER_MS && into.failures < BACKOFF_MS.length) {
        into.failures += 1;
        into.told = outcome.afterMs !== null;
        into.timer = clock.setTimeout(() => {
          into.timer = null;
          pump(device_id, into);
        }, wait);
        return;
      }
      into.failures = 0;
      into.waiting = into.waiting.filter((other) => other !== sent);
    }
  }

  function forget(device_id: string): void {
    lanes.get(device_id)?.timer?.cancel();
    lanes.delete(device_id);
  }

  return {
    once,
    forget,
    enqueue(device_id, message) {
      const lane = lanes.get(device_id) ?? { waiting: [], failures: 0, sending: false, timer: null, told: false };
      lanes.set(device_id, lane);
      lane.waiting = [...lane.waiting.filter((other) => other.tag !== message.tag), message].slice(-MAX_WAITING);
      if (lane.timer !== null && !lane.told) {
        lane.timer.cancel();
        lane.timer = null;
      }
      pump(device_id, lane);
    },
    async close() {
      closed = true;
      sender.close();
      for (const device_id of [...lanes.keys()]) forget(device_id);
      await Promise.allSettled(flights);
    },
  };
}
