import type { PushState, PushSubscriptionBody } from '@afield/shared/api/push.ts';
import { batch, computed, createModel, effect, signal } from '@preact/signals';
import type { InstallWay } from '../platform/install.ts';
import type { PushPlatform } from '../platform/push.ts';
import type { HomeStore } from '../platform/store.ts';
import { type HomeLink, isOpen } from './home-link.ts';

/** Preference: this device asked for notifications, and wants them renewed. */
const WANTED = 'push-wanted';
/** Once a launch, and again when the app stays open for days: push services drop what nobody renews. */
const RENEW_EVERY_MS = 12 * 60 * 60 * 1000;
/** A test that has not arrived by then is called missing; push services take a second or two. */
const TEST_WAIT_MS = 30_000;

/**
 * `blocked`: the person or the browser said no, and only the browser's settings undo that. `install`: an iPhone or iPad gives
 * notifications to an app on its home screen only.
 */
export type PushPhase = 'unsupported' | 'insecure' | 'install' | 'blocked' | 'off' | 'on';

/** `silent`: the push service took it, but nothing came. `failed`: it was not taken. */
export type PushTest = { kind: 'none' | 'sending' | 'sent' | 'arrived' | 'silent' } | { kind: 'failed'; detail: string };

/** What of the way home is used here. */
export type PushLink = Pick<HomeLink, 'call' | 'connection'>;

export interface PushPorts {
  platform: PushPlatform;
  store: Pick<HomeStore, 'readPreference' | 'writePreference'>;
  installWay(): InstallWay;
  now(): number;
  /** Returns how to stop it. */
  later(run: () => void, ms: number): () => void;
}

/** Notifications on this device: asked for, renewed, tested, and what home knows of them. */
export const PushModel = createModel((ports: PushPorts) => {
  const { platform } = ports;
  const permission = signal<NotificationPermission>(platform.permission());
  /** Null until the preference is read. */
  const wanted = signal<boolean | null>(null);
  const server = signal<PushState | null>(null);
  const busy = signal(false);
  const turningOff = signal(false);
  /** Why turning on or renewing failed; null after it worked. */
  const fault = signal<string | null>(null);
  const test = signal<PushTest>({ kind: 'none' });

  let link: PushLink | null = null;
  let renewedAt = Number.NEGATIVE_INFINITY;
  let stopLink = () => {};
  let stopTest = () => {};

  const reading = ports.store.readPreference(WANTED).then(
    (value) => {
      wanted.value = value === true;
    },
    () => {
      wanted.value = false; // no storage, no keys: there is no home either
    },
  );

  function want(on: boolean): void {
    wanted.value = on;
    ports.store.writePreference(WANTED, on).catch(() => undefined); // asked again after the next launch
  }

  const here = (): PushLink => {
    if (link === null || !isOpen(link)) throw new Error('Home is not reached now. Try again when it is.');
    return link;
  };

  /** One subscription that the browser holds, made with home's key; `anew` when home has found the old one dead. */
  async function subscription(key: string, anew: boolean): Promise<PushSubscriptionBody> {
    const held = await platform.current();
    if (held !== null && !anew && held.key === key) return held.body;
    if (held !== null) await platform.unsubscribe();
    return platform.subscribe(key);
  }

  async function renew(): Promise<void> {
    const way = here();
    const state = await way.call('getPush');
    const body = await subscription(state.vapid_public_key, !state.subscribed);
    server.value = await way.call('subscribePush', { body });
    renewedAt = ports.now();
  }

  let turn: Promise<unknown> = Promise.resolve();
  /** One after the other: browser and home hold one subscription. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined); // its caller hears of it
    return mine;
  }

  /** True when it worked; else `fault` says why. */
  const attempt = (work: () => Promise<void>): Promise<boolean> =>
    inTurn(async () => {
      busy.value = true;
      try {
        await work();
        fault.value = null;
        return true;
      } catch (cause) {
        fault.value = cause instanceof Error ? cause.message : String(cause);
        return false;
      } finally {
        busy.value = false;
      }
    });

  const stands = () => wanted.peek() === true && permission.peek() === 'granted';

  /** Not wanted, or no longer allowed: home must not go on calling into the void. */
  async function withdraw(): Promise<void> {
    if (stands()) return;
    server.value = await here().call('getPush');
    if (server.peek()?.subscribed !== true) return;
    await here().call('unsubscribePush');
    server.value = await here().call('getPush');
  }

  /** Tells home of a notification that came while no page was open. */
  async function confirmArrival(): Promise<void> {
    const way = link;
    const arrival = await platform.record.readArrival();
    if (way === null || arrival === null || !isOpen(way)) return;
    if (arrival.seq >= 0) server.value = await way.call('confirmPush', { body: { seq: arrival.seq } });
    await platform.record.clearArrival(arrival.at);
  }

  /** After each connection: what home knows, and once in a while a renewal. */
  async function catchUp(): Promise<void> {
    await reading;
    permission.value = platform.permission();
    if (platform.support() !== 'ready') return;
    if (!stands()) await inTurn(withdraw);
    else if (ports.now() - renewedAt >= RENEW_EVERY_MS) await attempt(renew);
    await confirmArrival();
  }

  const quietly = (work: Promise<unknown>) => void work.catch(() => undefined); // the next connection tries again

  function onArrived(kind: string): void {
    if (kind === 'test' && (test.peek().kind === 'sent' || test.peek().kind === 'sending' || test.peek().kind === 'silent')) {
      stopTest();
      test.value = { kind: 'arrived' };
    }
    quietly(confirmArrival());
  }

  const stopMessages = platform.onMessage((message) => {
    if (message.type === 'push-arrived') onArrived(message.arrival.kind);
    if (message.type === 'push-changed') {
      renewedAt = Number.NEGATIVE_INFINITY;
      quietly(catchUp());
    }
  });

  function disconnect(): void {
    stopLink();
    stopTest();
    batch(() => {
      server.value = null;
      test.value = { kind: 'none' };
      fault.value = null;
    });
    link = null;
  }

  platform.clearBadge();
  effect(() => () => {
    disconnect();
    stopMessages();
  });

  return {
    server,
    busy,
    turningOff,
    fault,
    test,
    phase: computed<PushPhase>(() => {
      const support = platform.support();
      if (support === 'insecure') return 'insecure';
      if (support === 'missing') return ports.installWay() === 'ios' ? 'install' : 'unsupported';
      if (permission.value === 'denied') return 'blocked';
      return wanted.value === true && permission.value === 'granted' ? 'on' : 'off';
    }),
    /** Sent at least once, and this device never said that it came. */
    unconfirmed: computed(() => {
      const state = server.value;
      if (state === null || !state.subscribed || state.last_sent_at === null) return false;
      return state.last_confirmed_at === null;
    }),
    /** Follows a home; null: there is none now. */
    connect(next: PushLink | null) {
      disconnect();
      renewedAt = Number.NEGATIVE_INFINITY;
      link = next;
      if (next === null) return;
      let up = false;
      stopLink = next.connection.subscribe(() => {
        const now = isOpen(next);
        if (now && !up) quietly(catchUp());
        up = now;
      });
    },
    /** The app is looked at again: the permission may have changed meanwhile, and a notification may have come. */
    refresh() {
      platform.clearBadge();
      permission.value = platform.permission();
      if (link !== null && isOpen(link)) quietly(catchUp());
    },
    /** From a tap: asks the person, then the browser, then home. */
    turnOn: () =>
      attempt(async () => {
        here();
        permission.value = await platform.ask();
        if (permission.peek() !== 'granted') return;
        await renew();
        want(true);
      }),
    async turnOff() {
      want(false);
      stopTest();
      test.value = { kind: 'none' };
      turningOff.value = true;
      await attempt(() => platform.unsubscribe());
      turningOff.value = false;
      quietly(catchUp());
    },
    /** This home is forgotten: nothing of it may call this device any more. */
    async forget() {
      want(false);
      disconnect();
      if (platform.support() === 'ready') await platform.unsubscribe().catch(() => undefined); // home drops it when it turns out dead
    },
    async sendTest() {
      stopTest();
      test.value = { kind: 'sending' };
      try {
        server.value = await here().call('testPush');
        if (test.peek().kind !== 'sending') return; // it was faster than the answer
        test.value = { kind: 'sent' };
        stopTest = ports.later(() => {
          test.value = { kind: 'silent' };
        }, TEST_WAIT_MS);
      } catch (cause) {
        test.value = { kind: 'failed', detail: cause instanceof Error ? cause.message : String(cause) };
        quietly(catchUp());
      }
    },
  };
});
export type Push = InstanceType<typeof PushModel>;
