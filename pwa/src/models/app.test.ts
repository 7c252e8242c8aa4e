import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ONLINE, scriptedLink, settled } from '../../test/scripted-link.ts';
import { NOW, session } from '../../test/sessions.ts';
import type { HomeRecord, HomeStore, Snapshot } from '../platform/store.ts';
import { AppModel, type AppPorts } from './app.ts';

const record: HomeRecord = {
  home_id: 'home-1',
  server_key: new Uint8Array(32),
  room: new Uint8Array(32),
  relay_url: 'wss://relay.example.net/',
  device_psk: new Uint8Array(32),
  key: { kind: 'software', secret_key: new Uint8Array(32) },
  label: 'phone',
  check: null,
  created_at: new Date(NOW).toISOString(),
};

function open(
  options: { homes?: HomeRecord[]; unfinished?: HomeRecord | null; store?: Partial<HomeStore>; verify?: () => Promise<void> } = {},
) {
  const way = scriptedLink();
  way.answers.listSessions = () => ({ items: [session({ name: 'one', minutes: 1 })], next_cursor: null });
  const did: string[] = [];
  const snapshot: Snapshot = { home_id: 'home-1', sessions: [session({ name: 'old', minutes: 1 })], last_seq: 40, seen_at: NOW };
  const write = (what: string) => async () => void did.push(what);
  let waiting: () => void = () => undefined;
  let told: (message: { type: 'navigate'; path: string }) => void = () => undefined;
  let lastSeq: () => number = () => -1;
  const ports: AppPorts = {
    store: {
      listHomes: async () => options.homes ?? [],
      saveHome: async (home) => void did.push(`save ${home.check}`),
      forgetHome: write('forget'),
      savePairing: write('savePairing'),
      loadPairing: async () => options.unfinished ?? null,
      finishPairing: write('finishPairing'),
      dropPairing: write('dropPairing'),
      loadSnapshot: async () => snapshot,
      saveSnapshot: write('saveSnapshot'),
      readPreference: async () => undefined,
      writePreference: write('writePreference'),
      ...options.store,
    },
    openHome(_home, seq) {
      lastSeq = seq;
      return way.link;
    },
    door: {
      read: () => {
        throw new Error('not in this test');
      },
      pair: write('pair'),
      verify: options.verify ?? write('verify'),
    },
    fingerprint: () => '7K2M-Q9XD',
    createKey: async () => record.key,
    deviceLabel: 'phone',
    presence: { visible: () => true, online: () => true, onChange: () => () => undefined },
    installer: { way: () => 'ios', onChange: () => () => undefined, install: async () => false },
    updates: {
      onWaiting(listener) {
        waiting = listener;
        return () => undefined;
      },
      apply: () => void did.push('applyUpdate'),
    },
    push: {
      support: () => 'missing',
      permission: () => 'denied',
      ask: async () => 'denied',
      current: async () => null,
      subscribe: () => Promise.reject(new Error('no push here')),
      unsubscribe: async () => undefined,
      clearBadge: () => undefined,
      onMessage(listener) {
        told = listener;
        return () => undefined;
      },
      record: { readArrival: async () => null, writeArrival: async () => undefined, clearArrival: async () => undefined },
    },
    theme: { read: () => 'system', apply: (theme) => void did.push(`theme ${theme}`) },
    readClipboard: async () => null,
    writeClipboard: async () => true,
    scanCodes: async () => () => undefined,
    shareText: async () => true,
    keepAwake: async () => () => undefined,
    keepStored: async () => {
      did.push('keepStored');
      return true;
    },
    span: () => '',
  };
  const app = new AppModel(ports);
  return { ...way, app, did, update: () => waiting(), tap: (path: string) => told({ type: 'navigate', path }), seq: () => lastSeq() };
}

beforeEach(() => void vi.useFakeTimers({ now: NOW }));
afterEach(() => void vi.useRealTimers());

describe('the start', () => {
  it('without a home leads to pairing', async () => {
    const { app } = open();
    expect(app.phase.value).toBe('loading');
    await app.start();
    expect(app.phase.value).toBe('unpaired');
    expect(app.home.value).toBeNull();
  });

  it('with a home shows what was last known and sets out', async () => {
    const { app, log, seq } = open({ homes: [record] });
    await app.start();
    expect(app.phase.value).toBe('paired');
    expect([...app.home.value!.sessions.value.values()].map((one) => one.name)).toEqual(['old']);
    expect(log).toContain('start');
    expect(seq()).toBe(40);
  });

  it('a blocked storage is said, not thrown', async () => {
    const { app } = open({ store: { listHomes: () => Promise.reject(new DOMException('denied')) } });
    await app.start();
    expect(app.storageFault.value).toBe(true);
    expect(app.phase.value).toBe('unpaired');
  });

  it('A23: finishes a pairing whose answer was lost', async () => {
    const { app, did } = open({ unfinished: { ...record, check: '407912' } });
    await app.start();
    expect(did).toContain('finishPairing');
    expect(app.phase.value).toBe('paired');
    expect(app.checkOpen.value).toBe(true);
    expect(app.pairing.check.value).toBe('407912');
  });

  it('asks again for digits that nobody has compared', async () => {
    const { app } = open({ homes: [{ ...record, check: '407912' }] });
    await app.start();
    expect(app.checkOpen.value).toBe(true);
    expect(app.pairing.step.value).toBe('check');
  });
});

describe('the digits', () => {
  it('"same number" ends the pairing, and asks the browser to keep the keys', async () => {
    const { app, did } = open({ homes: [{ ...record, check: '407912' }] });
    await app.start();
    await app.confirmCheck();
    expect(did).toEqual(expect.arrayContaining(['save null', 'keepStored']));
    expect(app.checkOpen.value).toBe(false);
  });

  it('"different" revokes this device at home and forgets everything here', async () => {
    const { app, did, state, calls, answers } = open({ homes: [{ ...record, check: '407912' }] });
    answers.revokeDevice = () => undefined;
    await app.start();
    state(ONLINE);
    await settled();
    await app.rejectCheck();
    expect(calls.at(-1)).toEqual({ operation: 'revokeDevice', sent: { params: { id: 'device-1' } } });
    expect(did).toEqual(expect.arrayContaining(['forget', 'dropPairing']));
    expect(app.phase.value).toBe('unpaired');
    expect(app.pairing.stopped.value).toBe(true);
  });

  it('"different" forgets also when home cannot be reached', async () => {
    const { app, did, calls } = open({ homes: [{ ...record, check: '407912' }] });
    await app.start();
    await app.rejectCheck();
    expect(calls).toEqual([]);
    expect(did).toContain('forget');
  });
});

describe('the app', () => {
  it('forgetting a home closes its line', async () => {
    const { app, did, log } = open({ homes: [record] });
    await app.start();
    await app.forget();
    expect(log).toContain('close');
    expect(did).toEqual(expect.arrayContaining(['forget', 'dropPairing']));
    expect(app.home.value).toBeNull();
  });

  it('asks before an update, and takes no for an answer', async () => {
    const { app, did, update } = open();
    expect(app.updateWaiting.value).toBe(false);
    update();
    expect(app.updateWaiting.value).toBe(true);
    expect(did).not.toContain('applyUpdate');
    app.laterUpdate();
    expect(app.updateWaiting.value).toBe(false);
    app.applyUpdate();
    expect(did).toContain('applyUpdate');
  });

  it('a tapped notification leads to its place', () => {
    const { app, tap } = open();
    tap('/sessions/1');
    expect(app.wantedPath.value).toBe('/sessions/1');
    app.arrived();
    expect(app.wantedPath.value).toBeNull();
  });

  it('the theme is kept and applied', () => {
    const { app, did } = open();
    app.setTheme('dark');
    expect(app.theme.value).toBe('dark');
    expect(did).toContain('theme dark');
  });
});
