import type { Device } from '@afield/shared/api/devices.ts';
import type { Info, Status } from '@afield/shared/api/system.ts';
import { computed, createModel, effect, signal } from '@preact/signals';
import { type HomeLink, isOpen } from './home-link.ts';

/** Who may see and steer this home, and what home says of itself. */
export const DevicesModel = createModel((link: HomeLink) => {
  const devices = signal<Device[] | null>(null);
  const info = signal<Info | null>(null);
  const status = signal<Status | null>(null);
  const error = signal<string | null>(null);
  const actionError = signal<string | null>(null);
  const busy = signal(false);

  async function load(): Promise<void> {
    try {
      const [listed, about, now] = await Promise.all([link.call('listDevices'), link.call('getInfo'), link.call('getStatus')]);
      devices.value = listed.items;
      info.value = about;
      status.value = now;
      error.value = null;
    } catch (cause) {
      error.value = cause instanceof Error ? cause.message : String(cause);
    }
  }

  /** True when it was done. */
  async function act(work: () => Promise<unknown>): Promise<boolean> {
    if (busy.peek()) return false;
    busy.value = true;
    actionError.value = null;
    try {
      await work();
      await load();
      return true;
    } catch (cause) {
      actionError.value = cause instanceof Error ? cause.message : String(cause);
      return false;
    } finally {
      busy.value = false;
    }
  }

  const subscription = link.subscribe({ topics: ['device.*', 'machine.*'] }, () => void load());
  let up = false;
  const stop = link.connection.subscribe(() => {
    const now = isOpen(link);
    if (now && !up) void load();
    up = now;
  });
  effect(() => () => {
    stop();
    subscription.close();
  });

  return {
    /** In use, this one first, then the last seen. Null until the first answer. */
    devices: computed(() => {
      const all = devices.value?.filter((device) => device.revoked_at === null) ?? null;
      const seen = (device: Device) => Date.parse(device.last_seen_at ?? device.created_at);
      return all === null ? null : all.sort((a, b) => Number(b.current) - Number(a.current) || seen(b) - seen(a));
    }),
    info,
    status,
    error,
    actionError,
    busy,
    clearActionError() {
      actionError.value = null;
    },
    rename: (id: string, name: string) => act(() => link.call('updateDevice', { params: { id }, body: { name: name.trim() } })),
    revoke: (id: string) => act(() => link.call('revokeDevice', { params: { id } })),
  };
});
export type Devices = InstanceType<typeof DevicesModel>;
