import { AfieldError } from '@afield/shared/errors.ts';
import { render } from 'preact';
import { AppRoot } from '../src/app.tsx';
import { AppModel, type AppPorts } from '../src/models/app.ts';
import type { HomeRecord } from '../src/platform/store.ts';
import { guardScriptSinks } from '../src/platform/trusted-types.ts';
import { watchWide } from '../src/platform/viewport.ts';
import '../src/styles/index.css';
import { span } from '../src/ui/time.ts';
import { fakeLink } from './fake-link.ts';
import { scenes } from './scenes.ts';
import { NOW } from './sessions.ts';

// Draws one scene, named in the query: /?scene=home
guardScriptSinks();
const name = new URLSearchParams(window.location.search).get('scene') ?? 'home';
const scene = scenes[name];
if (scene === undefined) throw new Error(`There is no scene called ${name}.`);
window.history.replaceState(null, '', scene.path);

const record: HomeRecord = {
  home_id: 'fake',
  server_key: new Uint8Array(32),
  room: new Uint8Array(32),
  relay_url: 'wss://relay.example.net/',
  device_psk: new Uint8Array(32),
  key: { kind: 'software', secret_key: new Uint8Array(32) },
  label: 'Pixel phone',
  check: null,
  created_at: new Date(NOW).toISOString(),
};
const sessions = scene.sessions ?? [];
const never = async () => undefined;
const ports: AppPorts = {
  store: {
    listHomes: async () => (scene.sessions === null ? [] : [record]),
    saveHome: never,
    forgetHome: never,
    savePairing: never,
    loadPairing: async () => null,
    finishPairing: never,
    dropPairing: never,
    loadSnapshot: async () => ({ home_id: 'fake', sessions, last_seq: 900, seen_at: NOW - 6 * 60_000 }),
    saveSnapshot: never,
    readPreference: async () => undefined,
    writePreference: never,
  },
  openHome: () => fakeLink(sessions, scene.link, scene.home),
  door: {
    read: () => ({
      room: new Uint8Array(32),
      server_key: new Uint8Array(32),
      ticket_id: new Uint8Array(8),
      secret: new Uint8Array(32),
      expires_at: Date.now() + 84_000,
      relay_url: 'wss://relay.example.net/',
      home_id: 'fake',
      fingerprint: '7K2M-Q9XD-4TBW-H06R-N8ZE-3CVA-J5PY-1SGF',
    }),
    pair: async () => {
      throw new AfieldError('unauthenticated', '');
    },
    verify: never,
  },
  fingerprint: () => '7K2M-Q9XD-4TBW-H06R-N8ZE-3CVA-J5PY-1SGF',
  createKey: async () => record.key,
  deviceLabel: 'Pixel phone',
  presence: { visible: () => true, online: () => true, onChange: () => () => undefined },
  installer: { way: () => 'ios', onChange: () => () => undefined, install: async () => false },
  updates: {
    onWaiting(listener) {
      if (scene.update) listener();
      return () => undefined;
    },
    apply: () => undefined,
  },
  push: {
    support: () => 'ready',
    permission: () => 'granted',
    ask: async () => 'granted',
    current: async () => null,
    subscribe: async () => ({ endpoint: 'https://push.example.net/1', keys: { p256dh: '', auth: '' } }),
    unsubscribe: never,
    onMessage: () => () => undefined,
    clearBadge: () => undefined,
    record: { readArrival: async () => null, writeArrival: never, clearArrival: never },
  },
  theme: { read: () => 'system', apply: () => undefined },
  readClipboard: async () => null,
  writeClipboard: async () => true,
  scanCodes: async () => () => undefined,
  shareText: async () => true,
  keepAwake: async () => () => undefined,
  keepStored: async () => true,
  span,
};

const app = new AppModel(ports);
watchWide((wide) => app.setWide(wide));
if (scene.pair !== undefined) app.pairing.offerLink('link');
if (scene.pair === 'check') app.pairing.showCheck({ ...record, check: '407912' });
render(<AppRoot app={app} />, document.getElementById('app')!);
void app.start().then(() => {
  if (scene.notice && app.home.value !== null) {
    app.home.value.notice.value = 'Reconnected. The relay was away for 12 s; your agents went on. Meanwhile 1 needs you, 1 finished.';
  }
});
