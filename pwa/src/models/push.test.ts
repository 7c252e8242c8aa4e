import type { PushState, PushSubscriptionBody } from '@afield/shared/api/push.ts';
import type { Operation } from '@afield/shared/api.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { ConnectionState } from '@afield/shared/link/link.ts';
import { Watched } from '@afield/shared/link/observable.ts';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { PushPlatform, PushSupport } from '../platform/push.ts';
import type { Arrival } from '../platform/push-record.ts';
import type { WorkerMessage } from '../platform/worker-messages.ts';
import { type Push, type PushLink, PushModel, type PushPorts } from './push.ts';

const ONLINE = { state: 'online', via: 'relay', rttMs: null } as unknown as ConnectionState;
const OFFLINE = { state: 'connecting' } as unknown as ConnectionState;
const body = (name: string): PushSubscriptionBody => ({ endpoint: `https://push.example/${name}`, keys: { p256dh: 'p', auth: 'a' } });

/** A browser, a home and a clock that do what the test says. */
let browser: {
  support: PushSupport;
  permission: NotificationPermission;
  answer: NotificationPermission;
  held: { body: PushSubscriptionBody; key: string | null } | null;
  made: number;
  fault: Error | null;
  arrival: Arrival | null;
  badge: number;
  say(message: WorkerMessage): void;
};
let home: { key: string; state: PushState; fault: AfieldError | null; calls: string[] };
let preferences: Map<string, unknown>;
let now: number;
let timers: { run: () => void; ms: number }[];
let connection: Watched<ConnectionState>;
let link: PushLink;
let ports: PushPorts;

beforeEach(() => {
  let listener: (message: WorkerMessage) => void = () => {};
  browser = {
    support: 'ready',
    permission: 'default',
    answer: 'granted',
    held: null,
    made: 0,
    fault: null,
    arrival: null,
    badge: 2,
    say: (message) => listener(message),
  };
  home = {
    key: 'home-key',
    state: { vapid_public_key: 'home-key', subscribed: false, last_confirmed_at: null, last_sent_at: null, last_error: null },
    fault: null,
    calls: [],
  };
  preferences = new Map();
  now = 0;
  timers = [];
  connection = new Watched<ConnectionState>(ONLINE);
  const platform: PushPlatform = {
    support: () => browser.support,
    permission: () => browser.permission,
    ask: async () => {
      browser.permission = browser.answer;
      return browser.answer;
    },
    current: async () => browser.held,
    subscribe: async (key) => {
      if (browser.fault !== null) throw browser.fault;
      browser.made += 1;
      browser.held = { body: body(`subscription-${browser.made}`), key };
      return browser.held.body;
    },
    unsubscribe: async () => {
      browser.held = null;
    },
    onMessage: (next) => {
      listener = next;
      return () => {};
    },
    clearBadge: () => {
      browser.badge = 0;
    },
    record: {
      readArrival: async () => browser.arrival,
      writeArrival: async () => {},
      clearArrival: async (at) => {
        if (browser.arrival?.at === at) browser.arrival = null;
      },
    },
  };
  const answers: Partial<Record<Operation, (sent: { body?: unknown }) => void>> = {
    getPush: () => {},
    subscribePush: () => {
      home.state = { ...home.state, subscribed: true };
    },
    unsubscribePush: () => {
      home.state = { ...home.state, subscribed: false };
    },
    testPush: () => {
      home.state = { ...home.state, last_sent_at: '2026-01-01T00:00:00.000Z' };
    },
    confirmPush: () => {
      home.state = { ...home.state, last_confirmed_at: '2026-01-01T00:00:01.000Z' };
    },
  };
  link = {
    connection,
    call: (async (operation: Operation, sent: { body?: PushSubscriptionBody & { seq?: number } } = {}) => {
      home.calls.push(
        operation + (sent.body?.endpoint ? ` ${sent.body.endpoint}` : '') + (sent.body?.seq === undefined ? '' : ` ${sent.body.seq}`),
      );
      if (home.fault !== null && operation !== 'getPush') throw home.fault;
      answers[operation]?.(sent);
      return { ...home.state, vapid_public_key: home.key };
    }) as PushLink['call'],
  };
  ports = {
    platform,
    store: {
      readPreference: async (name) => preferences.get(name),
      writePreference: async (name, value) => {
        preferences.set(name, value);
      },
    },
    installWay: () => 'none',
    now: () => now,
    later: (run, ms) => {
      const timer = { run, ms };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
  };
});

const settle = () => new Promise((done) => setTimeout(done, 0));
async function open(): Promise<Push> {
  const push = new PushModel(ports);
  push.connect(link);
  await settle();
  return push;
}
/** A device that turned them on in an earlier launch. */
function turnedOn(): void {
  preferences.set('push-wanted', true);
  browser.permission = 'granted';
  browser.held = { body: body('old'), key: 'home-key' };
  home.state = { ...home.state, subscribed: true };
}

describe('what a device can', () => {
  it.each([
    ['missing', 'ios', 'default', 'install'],
    ['missing', 'desktop', 'default', 'unsupported'],
    ['insecure', 'none', 'default', 'insecure'],
    ['ready', 'none', 'denied', 'blocked'],
    ['ready', 'none', 'default', 'off'],
    ['ready', 'none', 'granted', 'off'],
  ] as const)('%s, %s, %s: %s', async (support, way, permission, phase) => {
    browser.support = support;
    browser.permission = permission;
    ports.installWay = () => way;
    expect((await open()).phase.value).toBe(phase);
  });
});

describe('turning on', () => {
  it('asks the person, then the browser, then home', async () => {
    const push = await open();
    await push.turnOn();
    expect(push.phase.value).toBe('on');
    expect(home.calls).toContain('subscribePush https://push.example/subscription-1');
    expect(browser.held?.key).toBe('home-key');
    expect(preferences.get('push-wanted')).toBe(true);
    expect(push.fault.value).toBeNull();
  });

  it('takes a no for a no', async () => {
    browser.answer = 'denied';
    const push = await open();
    await push.turnOn();
    expect([push.phase.value, push.fault.value, browser.made]).toEqual(['blocked', null, 0]);
  });

  it('says why when no push service answers, and stays off', async () => {
    browser.fault = new Error('The browser’s push service does not answer.');
    const push = await open();
    await push.turnOn();
    expect([push.phase.value, push.fault.value, push.busy.value]).toEqual(['off', 'The browser’s push service does not answer.', false]);
  });

  it('says why when home refuses the push service', async () => {
    home.fault = new AfieldError('push_refused', 'attacker.example is no push service that this server knows.');
    const push = await open();
    await push.turnOn();
    expect(push.fault.value).toContain('no push service');
    expect(push.phase.value).toBe('off');
  });

  it('does not even ask while home is not reached', async () => {
    connection.value = OFFLINE;
    const push = await open();
    await push.turnOn();
    expect(push.fault.value).toContain('Home is not reached');
    expect(browser.permission).toBe('default');
  });
});

describe('users 3: renewing', () => {
  it('tells home at every launch that the subscription stands', async () => {
    turnedOn();
    const push = await open();
    expect(home.calls).toEqual(['getPush', 'subscribePush https://push.example/old']);
    expect(push.phase.value).toBe('on');
  });

  it('does it once a launch, and again after 12 h', async () => {
    turnedOn();
    await open();
    const reconnect = async () => {
      connection.value = OFFLINE;
      connection.value = ONLINE;
      await settle();
    };
    await reconnect();
    expect(home.calls).toHaveLength(2);
    now = 12 * 60 * 60 * 1000;
    await reconnect();
    expect(home.calls).toHaveLength(4);
  });

  it('subscribes anew when home found the old one dead', async () => {
    turnedOn();
    home.state = { ...home.state, subscribed: false };
    await open();
    expect(home.calls).toContain('subscribePush https://push.example/subscription-1');
  });

  it('subscribes anew when home has another key', async () => {
    turnedOn();
    home.key = 'new-key';
    await open();
    expect(browser.held).toMatchObject({ key: 'new-key', body: { endpoint: 'https://push.example/subscription-1' } });
  });

  it('subscribes anew when the browser lost it', async () => {
    turnedOn();
    browser.held = null;
    await open();
    expect(home.calls).toContain('subscribePush https://push.example/subscription-1');
  });

  it('renews at once when the service worker says that it changed', async () => {
    turnedOn();
    await open();
    browser.held = { body: body('replaced'), key: 'home-key' };
    browser.say({ type: 'push-changed' });
    await settle();
    expect(home.calls).toContain('subscribePush https://push.example/replaced');
  });

  it('tells home to stop when the permission was taken away', async () => {
    turnedOn();
    browser.permission = 'denied';
    const push = await open();
    expect(home.calls).toEqual(['getPush', 'unsubscribePush', 'getPush']);
    expect(push.phase.value).toBe('blocked');
  });

  it('leaves a device alone that never asked', async () => {
    await open();
    expect(home.calls).toEqual(['getPush']);
    expect(browser.made).toBe(0);
  });
});

describe('turning off', () => {
  it('may be taken back at once', async () => {
    turnedOn();
    const push = await open();
    await Promise.all([push.turnOff(), push.turnOn()]);
    await settle();
    expect([push.phase.value, home.state.subscribed, browser.held?.body.endpoint]).toEqual([
      'on',
      true,
      'https://push.example/subscription-1',
    ]);
  });

  it('ends it in the browser and at home', async () => {
    turnedOn();
    const push = await open();
    await push.turnOff();
    await settle();
    expect([push.phase.value, browser.held, home.state.subscribed, push.fault.value]).toEqual(['off', null, false, null]);
  });

  it('tells home as soon as it is reached again', async () => {
    turnedOn();
    const push = await open();
    connection.value = OFFLINE;
    await push.turnOff();
    expect([push.phase.value, push.fault.value, home.state.subscribed]).toEqual(['off', null, true]);
    connection.value = ONLINE;
    await settle();
    expect(home.state.subscribed).toBe(false);
  });

  it('ends with the home that is forgotten', async () => {
    turnedOn();
    const push = await open();
    await push.forget();
    expect([browser.held, push.server.value, preferences.get('push-wanted')]).toEqual([null, null, false]);
  });
});

describe('a test', () => {
  const arrives = (kind = 'test') => {
    browser.arrival = { seq: 4, kind, at: 99 };
    browser.say({ type: 'push-arrived', arrival: browser.arrival });
    return settle();
  };

  it('is sent, arrives, and is confirmed to home', async () => {
    turnedOn();
    const push = await open();
    await push.sendTest();
    expect(push.test.value).toEqual({ kind: 'sent' });
    expect(push.unconfirmed.value).toBe(true);
    await arrives();
    expect(push.test.value).toEqual({ kind: 'arrived' });
    expect(home.calls).toContain('confirmPush 4');
    expect(push.unconfirmed.value).toBe(false);
    expect(timers).toEqual([]);
    expect(browser.arrival).toBeNull();
  });

  it('says so when nothing came within 30 s, and takes it back when it comes', async () => {
    turnedOn();
    const push = await open();
    await push.sendTest();
    expect(timers[0]?.ms).toBe(30_000);
    timers[0]?.run();
    expect(push.test.value).toEqual({ kind: 'silent' });
    await arrives();
    expect(push.test.value).toEqual({ kind: 'arrived' });
  });

  it('is not taken for arrived when something else comes', async () => {
    turnedOn();
    const push = await open();
    await push.sendTest();
    await arrives('finished');
    expect(push.test.value).toEqual({ kind: 'sent' });
    expect(home.calls).toContain('confirmPush 4');
  });

  it('may be faster than home’s answer', async () => {
    turnedOn();
    const push = await open();
    const call = vi.spyOn(link, 'call').mockImplementationOnce(async () => {
      await arrives();
      return home.state as never;
    });
    await push.sendTest();
    expect(call).toHaveBeenCalled();
    expect(push.test.value).toEqual({ kind: 'arrived' });
    expect(timers).toEqual([]);
  });

  it('says why it was not sent', async () => {
    turnedOn();
    const push = await open();
    home.fault = new AfieldError('push_refused', 'fcm.googleapis.com answered 403');
    await push.sendTest();
    expect(push.test.value).toEqual({ kind: 'failed', detail: 'fcm.googleapis.com answered 403' });
  });
});

it('confirms at launch what came while no page was open', async () => {
  turnedOn();
  browser.arrival = { seq: 12, kind: 'finished', at: 5 };
  const push = await open();
  expect(home.calls).toContain('confirmPush 12');
  expect(push.server.value?.last_confirmed_at).not.toBeNull();
  expect(browser.arrival).toBeNull();
});

it('takes the number off the icon when the app is looked at', async () => {
  const push = await open();
  expect(browser.badge).toBe(0);
  browser.badge = 3;
  push.refresh();
  expect(browser.badge).toBe(0);
});

it('sees that the permission was given back while the app was away', async () => {
  turnedOn();
  browser.permission = 'denied';
  const push = await open();
  expect(push.phase.value).toBe('blocked');
  browser.permission = 'granted';
  push.refresh();
  await settle();
  expect(push.phase.value).toBe('on');
  expect(home.state.subscribed).toBe(true);
});
