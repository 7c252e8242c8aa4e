import type { Operation } from '@afield/shared/api.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { type AfieldEvent, topicMatches } from '@afield/shared/events.ts';
import type { ConnectionState, Reconnected, SubscribeOptions } from '@afield/shared/link/link.ts';
import { Watched } from '@afield/shared/link/observable.ts';
import type { HomeLink } from '../src/models/home-link.ts';

export const ONLINE: ConnectionState = { state: 'online', rtt_ms: 41, via: 'relay' };
export const down = (cause: 'relay_down' | 'home_offline' | 'broken' | 'offline'): Extract<ConnectionState, { state: 'reconnecting' }> => ({
  state: 'reconnecting',
  attempt: 1,
  next_try_at: null,
  since: 0,
  cause,
  detail: '',
});

type Answer = (sent: { params?: Record<string, unknown>; query?: Record<string, unknown>; body?: unknown }) => unknown;

/** A way home that does what a test says: states, events and answers come when the test wants them. */
export function scriptedLink(first: ConnectionState = { state: 'connecting' }) {
  const connection = new Watched<ConnectionState>(first);
  const subscriptions = new Set<{ options: SubscribeOptions; handler: (event: AfieldEvent) => void }>();
  const returns = new Set<(summary: Reconnected) => void>();
  const answers: Partial<Record<Operation, Answer>> = {};
  const calls: { operation: Operation; sent: Parameters<Answer>[0] }[] = [];
  const log: string[] = [];
  let nextSeq = 1;

  const link = {
    connection,
    get welcome() {
      return { device_id: 'device-1', user: 'owner', scopes: ['*'], server_version: '0.1.0', heartbeat_ms: 25_000, next_seq: nextSeq };
    },
    start: () => void log.push('start'),
    close: () => void log.push('close'),
    checkNow: async () => void log.push('checkNow'),
    setNetwork: (online: boolean) => void log.push(`setNetwork ${online}`),
    subscribe(options: SubscribeOptions, handler: (event: AfieldEvent) => void) {
      const one = { options, handler };
      subscriptions.add(one);
      return { lastSeq: null, close: () => void subscriptions.delete(one) };
    },
    attach() {
      throw new Error('No terminal in this test.');
    },
    onReconnected(listener: (summary: Reconnected) => void) {
      returns.add(listener);
      return () => returns.delete(listener);
    },
    async call(operation: Operation, sent: Parameters<Answer>[0] = {}) {
      calls.push({ operation, sent });
      const answer = answers[operation];
      if (answer === undefined) throw new AfieldError('unavailable', `No answer to ${operation}.`);
      return answer(sent);
    },
  };

  return {
    link: link as unknown as HomeLink,
    answers,
    calls,
    log,
    subscriptions,
    /** The seq that home gives to the next event. */
    setNextSeq(seq: number) {
      nextSeq = seq;
    },
    state(state: ConnectionState) {
      connection.value = state;
    },
    event(event: AfieldEvent) {
      for (const { options, handler } of [...subscriptions]) {
        const wanted = options.session_id === undefined || options.session_id === event.session_id;
        if (wanted && options.topics.some((topic) => topicMatches(topic, event.type))) handler(event);
      }
    },
    gap(seq: number) {
      for (const { options } of [...subscriptions]) options.onGap?.(seq);
    },
    reconnected(summary: Partial<Reconnected> = {}) {
      for (const listener of [...returns]) listener({ away_ms: 12_000, cause: 'relay_down', missed_events: 0, gap: false, ...summary });
    },
  };
}

/** Lets everything that only waits for promises happen. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}
