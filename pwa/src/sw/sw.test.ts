import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Arrival, PushRecord } from '../platform/push-record.ts';
import { onNotificationClick } from './click.ts';
import { type NoticeData, readNotice } from './notice.ts';
import { onPush } from './push.ts';
import type { Scope } from './scope.ts';
import { onSubscriptionChange } from './subscription-change.ts';

const ORIGIN = 'https://afield.example';
const NOW = Date.parse('2026-01-01T00:00:10Z');

interface Shown {
  title: string;
  body: string;
  tag: string;
  data: NoticeData;
  silent: boolean;
  close(): void;
}

let shown: Shown[];
let pages: (Partial<WindowClient> & { told: unknown[] })[];
let opened: string[];
let badge: number | null;
let arrival: Arrival | null;
let subscribed: unknown[];
let scope: Scope;
let record: PushRecord;

function page(state: Partial<WindowClient> = {}) {
  const told: unknown[] = [];
  const client = {
    told,
    focused: false,
    visibilityState: 'hidden' as const,
    postMessage: (message: unknown) => told.push(message),
    focus: vi.fn(async () => client as unknown as WindowClient),
    ...state,
  };
  pages.push(client);
  return client;
}

beforeEach(() => {
  shown = [];
  pages = [];
  opened = [];
  badge = null;
  arrival = null;
  subscribed = [];
  record = {
    readArrival: async () => arrival,
    writeArrival: async (next) => {
      arrival = next;
    },
    clearArrival: async () => {
      arrival = null;
    },
  };
  scope = {
    origin: ORIGIN,
    registration: {
      getNotifications: async ({ tag } = {}) => shown.filter((one) => tag === undefined || one.tag === tag) as unknown as Notification[],
      showNotification: async (title, options = {}) => {
        const { body = '', tag = '', data, silent } = options;
        shown = shown.filter((one) => one.tag !== tag);
        const one = {
          title,
          body,
          tag,
          data: data as NoticeData,
          silent: silent === true,
          close: () => shown.splice(shown.indexOf(one), 1),
        };
        shown.push(one);
      },
      pushManager: { subscribe: async (options: unknown) => subscribed.push(options) } as unknown as PushManager,
    },
    clients: {
      matchAll: (async () => pages) as unknown as Clients['matchAll'],
      openWindow: async (path) => {
        opened.push(String(path));
        return null;
      },
    },
    navigator: {
      setAppBadge: async (count) => {
        badge = count ?? 0;
      },
      clearAppBadge: async () => {
        badge = 0;
      },
    },
  };
});

const message = (changes: object = {}) => ({
  kind: 'waiting',
  title: 'claude needs an answer',
  body: 'Fix the checkout · wants to run a command',
  tag: 'session:1',
  path: '/sessions/1',
  session_id: '1',
  seq: 7,
  timestamp: '2026-01-01T00:00:00.000Z',
  ...changes,
});

describe('a push', () => {
  it('is shown, counted on the icon, and told to open pages', async () => {
    const open = page();
    await onPush(scope, record, message(), NOW);
    expect(shown).toMatchObject([
      { title: 'claude needs an answer', body: 'Fix the checkout · wants to run a command', tag: 'session:1', silent: false },
    ]);
    expect(shown[0]?.data).toEqual({ path: '/sessions/1', kind: 'waiting', seq: 7 });
    expect(badge).toBe(1);
    expect(arrival).toEqual({ seq: 7, kind: 'waiting', at: NOW });
    expect(open.told).toEqual([{ type: 'push-arrived', arrival }]);
  });

  it('users 4: one notification a session, the newest', async () => {
    await onPush(scope, record, message(), NOW);
    await onPush(scope, record, message({ kind: 'finished', title: 'Finished', seq: 9 }), NOW);
    expect(shown).toMatchObject([{ title: 'Finished' }]);
    expect(badge).toBe(0);
    await onPush(scope, record, message({ tag: 'session:2', seq: 10 }), NOW);
    expect(shown).toHaveLength(2);
  });

  it('takes the place of one that waits without a sound when that was answered elsewhere', async () => {
    await onPush(scope, record, message(), NOW);
    await onPush(scope, record, message({ kind: 'answered', title: 'Answered: Fix the checkout', quiet: true, seq: 9 }), NOW);
    expect(shown).toMatchObject([{ title: 'Answered: Fix the checkout', silent: true }]);
    expect(badge).toBe(0);
  });

  it('shows the newer again, quietly, when an older one comes late', async () => {
    await onPush(scope, record, message({ title: 'Finished', seq: 9 }), NOW);
    await onPush(scope, record, message({ title: 'claude needs an answer', seq: 7 }), NOW);
    expect(shown).toMatchObject([{ title: 'Finished', silent: true, data: { seq: 9 } }]);
  });

  it.each([[undefined], [null], ['text'], [42], [[]], [{ title: 7 }], [{ title: '' }]])(
    'users 2: shows something whatever it holds: %j',
    async (payload) => {
      await onPush(scope, record, payload, NOW);
      expect(shown).toMatchObject([{ title: 'Something happened at home', body: 'Open Afield to see what it was.' }]);
      expect(shown[0]?.data.path).toBe('/');
    },
  );

  it('is shown even where nothing can be stored or counted', async () => {
    record.writeArrival = () => Promise.reject(new Error('no storage'));
    const bare = { ...scope, navigator: {} };
    await onPush(bare, record, message(), NOW);
    expect(shown).toHaveLength(1);
  });

  it('is cut to what a notification can hold', () => {
    const notice = readNotice(message({ title: 'x'.repeat(9_000), body: 'y'.repeat(9_000), timestamp: 'never' }), ORIGIN, NOW);
    expect([notice.title.length, notice.body.length, notice.timestamp]).toEqual([200, 500, NOW]);
  });
});

describe('a tap', () => {
  const tap = (data: unknown) => {
    const close = vi.fn();
    return onNotificationClick(scope, { data, close }).then(() => expect(close).toHaveBeenCalledOnce());
  };

  it('brings the page in front of the person to the session', async () => {
    const hidden = page();
    const visible = page({ visibilityState: 'visible' });
    await tap({ path: '/sessions/1' });
    expect(visible.told).toEqual([{ type: 'navigate', path: '/sessions/1' }]);
    expect(visible.focus).toHaveBeenCalledOnce();
    expect(hidden.told).toEqual([]);
    expect(opened).toEqual([]);
  });

  it('goes there even where the browser does not bring it to the front', async () => {
    const open = page({ focus: () => Promise.reject(new Error('not allowed')) });
    await tap({ path: '/sessions/1' });
    expect(open.told).toHaveLength(1);
  });

  it('opens the app when none is open', async () => {
    await tap({ path: '/sessions/1' });
    expect(opened).toEqual(['/sessions/1']);
  });

  it.each([
    ['https://attacker.example/a', '/'],
    ['//attacker.example/a', '/'],
    ['/\\attacker.example/a', '/'],
    ['javascript:alert(1)', '/'],
    ['/sessions/1#pair=v1.abc', '/sessions/1'],
    ['/sessions/1?server=attacker', '/sessions/1'],
    ['/sessions/../settings', '/settings'],
    [undefined, '/'],
    [{}, '/'],
  ])('E11: leads nowhere but into the app: %j', async (path, expected) => {
    await tap({ path });
    await tap(null);
    expect(opened).toEqual([expected, '/']);
  });

  it('takes the number off the icon', async () => {
    await onPush(scope, record, message(), NOW);
    await onNotificationClick(scope, shown[0] as unknown as Notification);
    expect(badge).toBe(0);
  });
});

describe('a changed subscription', () => {
  const key = new Uint8Array([4, 1]).buffer;

  it('users 3: is taken up again and left to an open page to tell home', async () => {
    const open = page();
    await onSubscriptionChange(scope, key);
    expect(subscribed).toEqual([{ userVisibleOnly: true, applicationServerKey: key }]);
    expect(open.told).toEqual([{ type: 'push-changed' }]);
    expect(shown).toEqual([]);
  });

  it('users 3: asks the person to open the app when none is open', async () => {
    await onSubscriptionChange(scope, key);
    expect(shown).toMatchObject([{ title: 'Notifications need a renewal', data: { path: '/settings' } }]);
  });

  it('fails quietly where the permission was taken away', async () => {
    scope.registration.showNotification = () => Promise.reject(new TypeError('no permission'));
    scope.registration.pushManager.subscribe = () => Promise.reject(new Error('denied'));
    await onSubscriptionChange(scope, key);
    await onSubscriptionChange(scope, null);
    expect(subscribed).toEqual([]);
  });
});
