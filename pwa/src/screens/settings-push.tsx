import type { PushState } from '@afield/shared/api/push.ts';
import { everyQuarterMinute } from '../models/clock.ts';
import type { Push, PushPhase, PushTest } from '../models/push.ts';
import { Banner } from '../ui/banner.tsx';
import { Facts } from '../ui/facts.tsx';
import { SwitchRow } from '../ui/forms.tsx';
import { Section } from '../ui/page.tsx';
import { printable } from '../ui/printable.ts';
import { lastSeen, spanInWords } from '../ui/time.ts';
import { useApp } from './app-context.ts';
import { installSteps } from './install-hint.tsx';

/** The part of "More" that is about notifications. */
export function PushSettings() {
  const { push } = useApp();
  const phase = push.phase.value;
  const busy = push.busy.value;
  const able = phase === 'off' || phase === 'on';
  return (
    <Section id="notifications" title="Notifications">
      <div class="stack">
        <Troubles push={push} />
        {able ? (
          <div class="rows">
            <SwitchRow
              label="Call me on this device"
              note={busy ? 'asking the browser’s push service…' : 'when a session finishes, fails or waits for you'}
              checked={phase === 'on' || (busy && !push.turningOff.value)}
              onChange={(on) => void (on ? push.turnOn() : push.turnOff())}
            />
          </div>
        ) : (
          <p class="panel small dim">{cannot(phase)}</p>
        )}
        {phase === 'on' && <Proof push={push} />}
      </div>
    </Section>
  );
}

/** Why this device cannot be called, and what changes that. */
function cannot(phase: Exclude<PushPhase, 'on' | 'off'>): string {
  switch (phase) {
    case 'install':
      return `iPhone and iPad call you only for an app on the home screen. ${installSteps('ios')}`;
    case 'insecure':
      return 'Browsers give notifications to https addresses only. Open Afield at its https address.';
    case 'unsupported':
      return 'This browser has no notifications, or a private window keeps them off. Another browser on this device may have them.';
    case 'blocked':
      return (
        'Notifications from Afield are blocked on this device, and only you can undo that. In a browser: the icon beside the address, ' +
        'then Notifications, Allow. As an app: the device’s settings, Notifications, Afield. Then come back here.'
      );
  }
}

/** What went wrong, each with the way out. Nothing while all is well. */
function Troubles({ push }: { push: Push }) {
  const fault = push.fault.value;
  const state = push.server.value;
  const on = push.phase.value === 'on';
  if (fault !== null) {
    return (
      <Banner
        tone="fault"
        icon="bell"
        role="alert"
        title={on ? 'Notifications were not renewed.' : 'Notifications are still off.'}
        actions={
          <button type="button" class="act" onClick={() => void push.turnOn()}>
            Try again
          </button>
        }
      >
        {printable(fault)}
      </Banner>
    );
  }
  if (!on || state === null || push.test.value.kind !== 'none') return null;
  if (state.last_error !== null) {
    return (
      <Banner tone="fault" icon="bell" title="The last notification did not go out." actions={<TestLink push={push} />}>
        {printable(state.last_error)}
      </Banner>
    );
  }
  if (push.unconfirmed.value && state.last_sent_at !== null) {
    const ago = spanInWords(everyQuarterMinute.value - Date.parse(state.last_sent_at));
    return (
      <Banner tone="signal" icon="bell" title="Push is not confirmed." actions={<TestLink push={push} />}>
        The last one was sent {ago} ago and this device never said it came.
      </Banner>
    );
  }
  return null;
}

function TestLink({ push }: { push: Push }) {
  return (
    <button type="button" class="act" onClick={() => void push.sendTest()}>
      Send a test now
    </button>
  );
}

/** When this device was last called, and a way to try it. */
function Proof({ push }: { push: Push }) {
  const state = push.server.value;
  const now = everyQuarterMinute.value;
  const test = push.test.value;
  const waiting = test.kind === 'sending' || test.kind === 'sent';
  return (
    <div class="panel stack">
      <Facts
        items={[
          ['Last sent', time(state, 'last_sent_at', now)],
          ['Last confirmed', time(state, 'last_confirmed_at', now)],
        ]}
      />
      <button type="button" class="btn btn-line btn-wide" disabled={waiting || state === null} onClick={() => void push.sendTest()}>
        Send a test
      </button>
      <p class="small" role="status">
        {testWords(test)}
      </p>
    </div>
  );
}

function time(state: PushState | null, field: 'last_sent_at' | 'last_confirmed_at', now: number): string {
  if (state === null) return 'not known now';
  const at = state[field];
  return at === null ? 'never' : lastSeen(Date.parse(at), now);
}

function testWords(test: PushTest): string {
  switch (test.kind) {
    case 'none':
      return '';
    case 'sending':
      return 'Home hands a test to the push service…';
    case 'sent':
      return 'Sent. Waiting for it to arrive here…';
    case 'arrived':
      return 'Arrived. Home can call this device.';
    case 'silent':
      return (
        'The push service took it, but it has not come here within 30 s. Look whether the device’s settings allow notifications for this ' +
        'browser, and whether a battery saver or Do Not Disturb holds them back. It may still come.'
      );
    case 'failed':
      return `Not sent. ${printable(test.detail)}`;
  }
}
