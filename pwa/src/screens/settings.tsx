import { useModel } from '@preact/signals';
import { useState } from 'preact/hooks';
import { everyQuarterMinute } from '../models/clock.ts';
import { DevicesModel } from '../models/devices.ts';
import { APP_VERSION } from '../models/version.ts';
import { Conn } from '../ui/conn.tsx';
import { Confirm } from '../ui/dialog.tsx';
import { Facts } from '../ui/facts.tsx';
import { Segments } from '../ui/forms.tsx';
import { Icon, type IconName } from '../ui/icons.tsx';
import { Page, Section } from '../ui/page.tsx';
import { exact, printable } from '../ui/printable.ts';
import { lastSeen } from '../ui/time.ts';
import { useApp, useHome } from './app-context.ts';
import { DeviceList } from './device-list.tsx';
import { HomeTabs } from './home-tabs.tsx';
import { installSteps } from './install-hint.tsx';
import { ARCHIVE, MACHINES, PAIR, PROJECTS, RULES, SEARCH, USAGE } from './paths.ts';
import { HistorySettings } from './settings-history.tsx';
import { PushSettings } from './settings-push.tsx';

/** "More": how the connection stands, who may steer, and how this device behaves. */
export function SettingsScreen() {
  const app = useApp();
  const { home, link } = useHome();
  const devices = useModel(() => new DevicesModel(link));
  const pill = home.pill.value;
  return (
    <Page title="More" corner={!app.wide.value && <Conn state={pill.state} text={pill.text} href="#connection" />} after={<HomeTabs />}>
      <Ways />
      <PushSettings />
      <DeviceList devices={devices} />
      <Connection devices={devices} />
      <HistorySettings />
      <Section id="h-device" title="This device">
        <div class="panel stack">
          <Segments
            legend="Theme"
            name="theme"
            value={app.theme.value}
            options={[
              { value: 'system', label: 'As the device' },
              { value: 'light', label: 'Light' },
              { value: 'dark', label: 'Dark' },
            ]}
            onChange={(theme) => app.setTheme(theme)}
          />
          <div>
            <p class="lab">Home screen</p>
            <p class="small dim">{installSteps(app.install.way.value)}</p>
          </div>
        </div>
      </Section>
    </Page>
  );
}

/** The screens that have no tab of their own. */
function Ways() {
  const { home } = useHome();
  const cut = home.machines.value.filter((machine) => machine.line.state === 'down').length;
  return (
    <ul class="rows">
      <Way href={SEARCH} icon="search" label="Search" note="what any session printed" />
      <Way
        href={MACHINES}
        icon="machine"
        label="Machines"
        note={cut === 0 ? 'where sessions run' : `${cut} ${cut === 1 ? 'is' : 'are'} not reached`}
      />
      <Way href={USAGE} icon="pulse" label="Usage" note="tokens, cost and budgets" />
      <Way href={RULES} icon="shield" label="Rules" note="what is answered without you" />
      <Way href={PROJECTS} icon="folder" label="Projects" note="directories and what they start with" />
      <Way href={ARCHIVE} icon="archive" label="Archive" note="sessions that left the lists" />
    </ul>
  );
}

function Way({ href, icon, label, note }: { href: string; icon: IconName; label: string; note: string }) {
  return (
    <li>
      <a class="setrow" href={href}>
        <Icon name={icon} />
        <span class="main">
          <b>{label}</b>
          <span class="meta">{note}</span>
        </span>
        <Icon name="forward" small />
      </a>
    </li>
  );
}

function Connection({ devices }: { devices: InstanceType<typeof DevicesModel> }) {
  const app = useApp();
  const { home } = useHome();
  const [asking, setAsking] = useState(false);
  const record = app.record.value;
  const fault = home.fault.value;
  const info = devices.info.value;
  const status = devices.status.value;
  const seen = home.seenAt.value;
  const now = everyQuarterMinute.value;
  if (record === null) return null;
  return (
    <Section id="connection" title="Home server">
      <div class="panel stack">
        {fault !== null && (
          <div class="small" role="status">
            <p>
              <b>{fault.title}</b> {fault.text}
            </p>
            <button type="button" class="act" onClick={() => home.retry()}>
              Try now
            </button>
          </div>
        )}
        <Facts
          items={[
            ['Connection', home.pill.value.text],
            ['Last heard', seen === null ? 'never' : lastSeen(seen, now)],
            ['Relay', exact(hostOf(record.relay_url))],
            ['Machine', info === null ? 'not known now' : printable(info.machine)],
            ['Version at home', info === null ? 'not known now' : printable(info.version)],
            ['Version here', APP_VERSION],
            ['Sessions', status === null ? 'not known now' : String(Object.values(status.sessions).reduce((sum, count) => sum + count, 0))],
            ['Fingerprint', <code key="fingerprint">{app.fingerprint.value}</code>],
            ['Key of this device', record.key.kind === 'software' ? 'software key' : 'locked into this browser'],
          ]}
        />
        {record.key.kind === 'software' && (
          <p class="small dim">
            This browser cannot lock the key away, so whoever copies this browser’s data has it too. Revoke this device at once if you lose
            it.
          </p>
        )}
        <div class="acts acts-wrap">
          <a class="btn btn-line" href={PAIR}>
            Pair again
          </a>
          <button type="button" class="btn btn-deny" onClick={() => setAsking(true)}>
            Forget this home
          </button>
        </div>
      </div>
      {asking && (
        <Confirm title="Forget this home?" confirm="Forget it" danger onClose={() => setAsking(false)} onConfirm={() => void app.forget()}>
          The keys and the last known list are removed from this device. Home still lists the device until it is revoked there.
        </Confirm>
      )}
    </Section>
  );
}

function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}
