import type { LogType } from '@afield/shared/api/logs.ts';
import { uuidv7 } from '@afield/shared/client/uuid.ts';
import { computed, createModel, effect, signal } from '@preact/signals';
import type { StoredKey } from '../platform/device-key.ts';
import type { Installer } from '../platform/install.ts';
import type { Presence } from '../platform/presence.ts';
import type { PushPlatform } from '../platform/push.ts';
import type { HomeRecord, HomeStore, Snapshot } from '../platform/store.ts';
import type { Theme } from '../platform/theme.ts';
import type { Updates } from '../platform/updates.ts';
import { type Outbox, OutboxModel } from './chat-outbox.ts';
import { type Home, HomeModel } from './home.ts';
import { type HomeLink, isOpen } from './home-link.ts';
import { InstallModel } from './install.ts';
import { type PairingDoor, PairingModel } from './pairing.ts';
import { PushModel } from './push.ts';

/** All that the app needs of the world. `main.tsx` brings the browser's, tests bring their own. */
export interface AppPorts {
  store: HomeStore;
  /** The way home, not started yet; it reconnects by itself until closed. */
  openHome(record: HomeRecord, lastSeq: () => number): HomeLink;
  /** The fingerprint of a server's public key, as home shows it. */
  fingerprint(serverKey: Uint8Array): string;
  door: PairingDoor;
  createKey(): Promise<StoredKey>;
  deviceLabel: string;
  presence: Presence;
  installer: Installer;
  updates: Updates;
  push: PushPlatform;
  theme: { read(): Theme; apply(theme: Theme): void };
  readClipboard(): Promise<string | null>;
  writeClipboard(text: string): Promise<boolean>;
  scanCodes(video: HTMLVideoElement, onText: (text: string) => void): Promise<() => void>;
  shareText(name: string, text: string): Promise<boolean>;
  keepAwake(): Promise<() => void>;
  /** Asks the browser to keep the keys even when space is short. */
  keepStored(): Promise<boolean>;
  /** Says a length of time: `12 s`. */
  span(ms: number): string;
}

/** `loading`: the keys are being read. `unpaired`: there is no home yet. */
export type AppPhase = 'loading' | 'unpaired' | 'paired';

const later = (run: () => void, ms: number) => {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
};

/** The whole app: which home it belongs to, and what stands beside that. */
export const AppModel = createModel((ports: AppPorts) => {
  const phase = signal<AppPhase>('loading');
  const home = signal<Home | null>(null);
  const link = signal<HomeLink | null>(null);
  /** Messages on their way home; they go on whatever screen is shown. */
  const outbox = signal<Outbox | null>(null);
  const record = signal<HomeRecord | null>(null);
  const theme = signal<Theme>(ports.theme.read());
  const updateWaiting = signal(false);
  const storageFault = signal(false);
  const wide = signal(false);
  const wantedPath = signal<string | null>(null);
  /** What was searched for last: still there when one comes back from a hit. Gone with the page. */
  const searched = signal<{ words: string; types: readonly LogType[] }>({ words: '', types: [] });

  const pairing = new PairingModel({
    door: ports.door,
    store: ports.store,
    createKey: ports.createKey,
    defaultLabel: ports.deviceLabel,
    now: Date.now,
    onPaired: (paired) => open(paired, null),
  });
  const install = new InstallModel(ports.installer, ports.store);
  const push = new PushModel({
    platform: ports.push,
    store: ports.store,
    installWay: () => ports.installer.way(),
    now: Date.now,
    later,
  });

  function close(): void {
    push.connect(null);
    outbox.peek()?.[Symbol.dispose]();
    outbox.value = null;
    home.peek()?.[Symbol.dispose]();
    home.value = null;
    link.value = null;
    record.value = null;
  }

  function open(next: HomeRecord, snapshot: Snapshot | null): void {
    close();
    const way = ports.openHome(next, () => home.peek()?.lastSeq.peek() ?? snapshot?.last_seq ?? 0);
    record.value = next;
    link.value = way;
    home.value = new HomeModel({
      record: next,
      link: way,
      store: ports.store,
      snapshot,
      presence: ports.presence,
      span: ports.span,
    });
    outbox.value = new OutboxModel({ link: way, store: ports.store, now: Date.now, newId: uuidv7, later });
    push.connect(way);
    phase.value = 'paired';
  }

  /** Reads what this device knows: a home, or a pairing that was cut off in the middle. */
  async function start(): Promise<void> {
    try {
      const [homes, unfinished] = await Promise.all([ports.store.listHomes(), ports.store.loadPairing()]);
      const known = homes[0];
      if (known !== undefined) open(known, await ports.store.loadSnapshot(known.home_id));
      else phase.value = 'unpaired';
      if (known !== undefined && known.check !== null) pairing.showCheck(known);
      if (unfinished !== null) await pairing.resume(unfinished);
    } catch {
      storageFault.value = true;
      phase.value = 'unpaired';
    }
  }

  async function forget(): Promise<void> {
    const known = record.peek();
    close();
    phase.value = 'unpaired';
    pairing.reset();
    if (known !== null) await ports.store.forgetHome(known.home_id);
    await push.forget();
    await ports.store.dropPairing();
  }

  const stopUpdates = ports.updates.onWaiting(() => {
    updateWaiting.value = true;
  });
  const stopMessages = ports.push.onMessage((message) => {
    if (message.type === 'navigate') wantedPath.value = message.path;
  });
  const stopPresence = ports.presence.onChange(() => {
    if (ports.presence.visible()) push.refresh();
  });
  effect(() => () => {
    stopUpdates();
    stopPresence();
    stopMessages();
    close();
  });

  return {
    phase,
    home,
    link,
    outbox,
    record,
    theme,
    updateWaiting,
    storageFault,
    /** Room for the list beside the session. */
    wide,
    pairing,
    install,
    push,
    fingerprint: computed(() => (record.value === null ? '' : ports.fingerprint(record.value.server_key))),
    /** The digits of a finished pairing have not been compared yet. */
    checkOpen: computed(() => record.value !== null && record.value.check !== null),
    start,
    /** Where the address shall lead next: a tapped notification, a pairing link. */
    wantedPath,
    go(path: string) {
      wantedPath.value = path;
    },
    arrived() {
      wantedPath.value = null;
    },
    searched,
    keepSearch(words: string, types: readonly LogType[]) {
      searched.value = { words, types };
    },
    setWide(on: boolean) {
      wide.value = on;
    },
    setTheme(next: Theme) {
      theme.value = next;
      ports.theme.apply(next);
    },
    /** "Same number": the pairing is done. */
    async confirmCheck() {
      const known = record.peek();
      if (known === null) return;
      const confirmed = { ...known, check: null };
      record.value = confirmed;
      pairing.reset();
      await Promise.all([ports.store.saveHome(confirmed), ports.keepStored()]);
    },
    /** "Different": home is told to revoke this device, as far as it can be reached, and everything is forgotten here. */
    async rejectCheck() {
      const way = link.peek();
      const id = way?.welcome?.device_id ?? null;
      if (way !== null && id !== null && isOpen(way)) {
        await way.call('revokeDevice', { params: { id } }).catch(() => undefined); // home still lists it then: the screen says so
      }
      await forget();
      pairing.stop();
    },
    forget,
    applyUpdate: () => ports.updates.apply(),
    laterUpdate() {
      updateWaiting.value = false;
    },
    pasteLink: () => ports.readClipboard(),
    copy: (text: string) => ports.writeClipboard(text),
    scan: (video: HTMLVideoElement, onText: (text: string) => void) => ports.scanCodes(video, onText),
    share: (name: string, text: string) => ports.shareText(name, text),
    keepAwake: () => ports.keepAwake(),
    store: ports.store,
  };
});
export type App = InstanceType<typeof AppModel>;
