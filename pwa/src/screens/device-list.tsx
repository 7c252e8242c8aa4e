import type { Device } from '@afield/shared/api/devices.ts';
import { useState } from 'preact/hooks';
import { everyQuarterMinute } from '../models/clock.ts';
import type { Devices } from '../models/devices.ts';
import { AskingHome } from '../ui/asking-home.tsx';
import { Confirm } from '../ui/dialog.tsx';
import { Icon } from '../ui/icons.tsx';
import { Section } from '../ui/page.tsx';
import { printable } from '../ui/printable.ts';
import { RenameSheet } from '../ui/rename-sheet.tsx';
import { lastSeen } from '../ui/time.ts';
import { useHome } from './app-context.ts';

type Asked = { what: 'rename' | 'revoke'; device: Device } | null;

/** Who can see and steer: every device, with its own way out. */
export function DeviceList({ devices }: { devices: Devices }) {
  const { home } = useHome();
  const [asked, setAsked] = useState<Asked>(null);
  const list = devices.devices.value;
  const close = () => {
    devices.clearActionError();
    setAsked(null);
  };
  return (
    <Section id="h-devices" title="Devices" note={<span class="meta">who can see and steer</span>}>
      {list === null && <AskingHome open={home.open.value} error={devices.error.value} />}
      {list !== null && (
        <ul class="rows">
          {list.map((device) => (
            <DeviceRow key={device.id} device={device} usable={home.open.value} onAsk={(what) => setAsked({ what, device })} />
          ))}
        </ul>
      )}
      {asked?.what === 'rename' && <RenameDevice device={asked.device} devices={devices} onClose={close} />}
      {asked?.what === 'revoke' && <RevokeDevice device={asked.device} devices={devices} onClose={close} />}
    </Section>
  );
}

function facts(device: Device, now: number): string {
  const may = device.scopes.includes('*') ? 'may do everything' : `may: ${device.scopes.join(', ')}`;
  const seen = device.online
    ? 'connected now'
    : device.last_seen_at === null
      ? 'never seen'
      : `seen ${lastSeen(Date.parse(device.last_seen_at), now)}`;
  return `${may} · ${seen}`;
}

function DeviceRow({ device, usable, onAsk }: { device: Device; usable: boolean; onAsk(what: 'rename' | 'revoke'): void }) {
  const name = printable(device.name);
  return (
    <li class="setrow device">
      <Icon name="phone" />
      <span class="main">
        <b>{name}</b> {device.current && <span class="tag">this one</span>}
        <span class="meta">{printable(facts(device, everyQuarterMinute.value))}</span>
        <span class="line device-acts">
          <button type="button" class="act" disabled={!usable} onClick={() => onAsk('rename')}>
            Rename<span class="vh"> {name}</span>
          </button>
          <button type="button" class="act act-danger" disabled={!usable} onClick={() => onAsk('revoke')}>
            Revoke<span class="vh"> {name}</span>
          </button>
        </span>
      </span>
    </li>
  );
}

function RenameDevice({ device, devices, onClose }: { device: Device; devices: Devices; onClose(): void }) {
  return (
    <RenameSheet
      title="Rename this device"
      name={device.name}
      busy={devices.busy.value}
      error={devices.actionError.value}
      onSave={(name) => void devices.rename(device.id, name).then((done) => done && onClose())}
      onClose={onClose}
    />
  );
}

function RevokeDevice({ device, devices, onClose }: { device: Device; devices: Devices; onClose(): void }) {
  return (
    <Confirm
      title={`Revoke “${printable(device.name)}”?`}
      confirm="Revoke it"
      danger
      busy={devices.busy.value}
      error={devices.actionError.value}
      onClose={onClose}
      onConfirm={() => void devices.revoke(device.id).then((done) => done && onClose())}
    >
      {device.current
        ? 'This is the device in your hand: it loses its access at once and must be paired again.'
        : 'Its connections end at once and its notifications stop. To come back it must be paired again.'}
    </Confirm>
  );
}
