/** The paired devices: who they are, what they may do, and that it ends at once when it is taken from them. */
import type { Device } from '@afield/shared/api/devices.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { PipeEnd } from '@afield/shared/link/pipe.ts';
import { timestamp } from '../core/clock.ts';
import type { Identity } from '../core/identity.ts';
import type { Clock } from '../core/ports.ts';
import type { EventLog } from '../core/service.ts';

/** A row of the device table. `epoch` goes up by one at a revoke. */
export interface DeviceRow {
  id: string;
  name: string;
  user: string;
  scopes: string[];
  public_key: Buffer;
  psk: Buffer;
  epoch: number;
  app_version: string;
  created_at: string;
  last_seen_at: string | null;
  revoked_at: string | null;
}

export interface DeviceStore {
  all(): DeviceRow[];
  insert(row: DeviceRow, replaced: string | null): void;
  rename(id: string, name: string): void;
  seen(id: string, at: string, app_version: string): void;
  revoke(id: string, at: string): void;
}

export interface DeviceDeps {
  store: DeviceStore;
  clock: Clock;
  newId(): string;
  events: EventLog;
  connections: { online(device_id: string): boolean; endDevice(device_id: string, reason: PipeEnd): void };
  /** State of its push subscription, for lists. */
  push: { stateOf(device_id: string): Device['push']; forget(device_id: string): void };
}

/** What a pairing knows of a new device. */
export interface NewDevice {
  public_key: Uint8Array;
  psk: Uint8Array;
  label: string;
  app_version: string;
  user: string;
  scopes: string[];
}

export const REVOKED: PipeEnd = { kind: 'refused', detail: 'This device was revoked at home. Pair it again to come back.' };
/** Devices that are not revoked; also bounds the table that is held in memory. */
const MAX_DEVICES = 200;

export type Devices = ReturnType<typeof createDevices>;

export function createDevices({ store, clock, newId, events, connections, push }: DeviceDeps) {
  const rows = new Map<string, DeviceRow>(store.all().map((row) => [row.id, row]));
  const keyText = (key: Uint8Array) => Buffer.from(key).toString('base64');
  const byKey = new Map<string, string>([...rows.values()].map((row) => [keyText(row.public_key), row.id]));

  const rowOf = (id: string): DeviceRow => {
    const row = rows.get(id);
    if (row === undefined) throw new AfieldError('device_not_found', 'No device with this id was ever paired here.');
    return row;
  };

  const shown = (row: DeviceRow, asking: string | null): Device => ({
    id: row.id,
    name: row.name,
    user: row.user,
    scopes: row.scopes,
    app_version: row.app_version,
    created_at: row.created_at,
    last_seen_at: row.last_seen_at,
    online: row.revoked_at === null && connections.online(row.id),
    current: row.id === asking,
    revoked_at: row.revoked_at,
    push: row.revoked_at === null ? push.stateOf(row.id) : null,
  });

  /** The end of a device, but for the row on disk: memory first, then its lines, then everything else. */
  const cutOff = (row: DeviceRow) => {
    row.epoch++;
    row.revoked_at = timestamp(clock);
    connections.endDevice(row.id, REVOKED);
    push.forget(row.id);
    events.publish('device.revoked', null, { device_id: row.id });
  };

  const identityOf = (row: DeviceRow): Identity => {
    const { epoch } = row;
    return {
      kind: 'device',
      device_id: row.id,
      get device_name() {
        return row.name;
      },
      user: row.user,
      scopes: row.scopes,
      valid: () => row.epoch === epoch && row.revoked_at === null && rows.get(row.id) === row,
    };
  };

  return {
    list: (asking: string | null): Device[] =>
      [...rows.values()].sort((a, b) => b.created_at.localeCompare(a.created_at)).map((row) => shown(row, asking)),

    rename(id: string, name: string, asking: string | null): Device {
      const row = rowOf(id);
      store.rename(id, name);
      row.name = name;
      return shown(row, asking);
    },

    /** Once more for a device that is revoked already changes nothing. */
    revoke(id: string): void {
      const row = rowOf(id);
      if (row.revoked_at !== null) return;
      store.revoke(id, timestamp(clock));
      cutOff(row);
    },

    /** The psk and identity of a device that may come in now; null for an unknown or revoked one. */
    lookup(public_key: Uint8Array): { secret: Uint8Array; identity: Identity } | null {
      const row = rows.get(byKey.get(keyText(public_key)) ?? '');
      return row === undefined || row.revoked_at !== null ? null : { secret: row.psk, identity: identityOf(row) };
    },

    /**
     * Writes the row of a newly paired device, durably; `within` runs in the same tick, after the row is on disk and before anybody
     * hears of it. The same key again takes the place of its older row. Errors: too_many.
     */
    admit(found: NewDevice, within: () => void): { identity: Identity; device: Device } {
      const old = rows.get(byKey.get(keyText(found.public_key)) ?? '');
      const live = [...rows.values()].filter((row) => row.revoked_at === null && row !== old).length;
      if (live >= MAX_DEVICES) throw new AfieldError('too_many', `${live} devices are paired. Revoke those that are gone.`);
      const now = timestamp(clock);
      const row: DeviceRow = {
        id: newId(),
        name: found.label || 'Unnamed device',
        user: found.user,
        scopes: found.scopes,
        public_key: Buffer.from(found.public_key),
        psk: Buffer.from(found.psk),
        epoch: 0,
        app_version: found.app_version,
        created_at: now,
        last_seen_at: now,
        revoked_at: null,
      };
      store.insert(row, old?.id ?? null);
      within();
      if (old !== undefined) {
        rows.delete(old.id);
        if (old.revoked_at === null) cutOff(old);
      }
      rows.set(row.id, row);
      byKey.set(keyText(row.public_key), row.id);
      const device = shown(row, null);
      events.publish('device.paired', null, { device });
      return { identity: identityOf(row), device };
    },

    seen(id: string, app_version: string): void {
      const row = rows.get(id);
      if (row === undefined) return;
      row.last_seen_at = timestamp(clock);
      row.app_version = app_version;
      store.seen(id, row.last_seen_at, app_version);
    },

    /** Not revoked. */
    get count(): number {
      return [...rows.values()].filter((row) => row.revoked_at === null).length;
    },
  };
}
