import type { ConnectionCause } from '@afield/shared/link/door.ts';
import type { ConnectionState } from '@afield/shared/link/link.ts';

/** How the connection is told to a person. Words of docs/design: never claim more than is known. */

export interface ConnectionView {
  link: ConnectionState;
  /** Does the browser say that this device has a network? */
  online: boolean;
}

export interface Pill {
  state: 'ok' | 'catching-up' | 'relay-down' | 'offline';
  text: string;
}

/** The words of the pill. */
export function pillFor({ link, online }: ConnectionView): Pill {
  switch (link.state) {
    case 'refused':
      return { state: 'offline', text: 'Not paired' };
    case 'closed':
      return { state: 'offline', text: 'Not connected' };
    case 'catching_up':
      return { state: 'catching-up', text: `Catching up · ${link.events.toLocaleString('en')} ${link.events === 1 ? 'event' : 'events'}` };
    case 'online':
      if (link.via === 'local') return { state: 'ok', text: 'Home · local network' };
      return { state: 'ok', text: link.rtt_ms === null ? 'Home · relay' : `Home · relay ${Math.max(1, Math.round(link.rtt_ms))} ms` };
    case 'connecting':
      return online ? { state: 'catching-up', text: 'Connecting' } : { state: 'offline', text: 'Offline' };
    case 'reconnecting':
      return reconnectingPill(online ? link.cause : 'offline');
  }
}

function reconnectingPill(cause: ConnectionCause): Pill {
  switch (cause) {
    case 'offline':
      return { state: 'offline', text: 'Offline' };
    case 'relay_down':
      return { state: 'relay-down', text: 'Relay down' };
    case 'home_offline':
      return { state: 'offline', text: 'Home offline' };
    case 'broken':
      return { state: 'catching-up', text: 'Reconnecting' };
  }
}

export interface Fault {
  title: string;
  text: string;
}

const FAULTS: Record<ConnectionCause, Fault> = {
  offline: {
    title: 'This device has no connection.',
    text: 'Your agents go on working at home. It goes on here by itself when the network is back.',
  },
  relay_down: { title: 'The relay does not answer.', text: 'Your phone has a connection and your agents go on working at home.' },
  home_offline: {
    title: 'Home does not answer.',
    text: 'The relay does. The machine at home may be asleep or without a network, or its server is stopped: start it with “afield serve”.',
  },
  broken: { title: 'The connection was cut.', text: 'Your agents go on working at home.' },
};

/** It said that it ends: nobody has to look for a fault. */
const LEFT: Fault = {
  title: 'The home server was stopped, or is being upgraded.',
  text: 'Sessions that survive it go on at home. It goes on here by itself when it is back.',
};

/** What stands in the banner while there is no link; null when there is nothing to explain. */
export function faultFor({ link, online }: ConnectionView): Fault | null {
  switch (link.state) {
    case 'refused':
      return { title: 'Home does not know this device any more.', text: 'Pair it again to go on.' };
    case 'reconnecting':
      if (online && link.cause === 'home_offline' && link.goodbye) return LEFT;
      return FAULTS[online ? link.cause : 'offline'];
    case 'connecting':
      return online ? null : FAULTS.offline;
    default:
      return null;
  }
}

/** Why there was no link: for the words after it is back. `asleep`: the app was in the background meanwhile. */
export type AwayCause = ConnectionCause | 'asleep';

const BLAME: Record<AwayCause, (span: string) => string> = {
  relay_down: (span) => `The relay was away for ${span}; your agents went on.`,
  home_offline: (span) => `Home was away for ${span}.`,
  broken: (span) => `The connection was cut for ${span}; your agents went on.`,
  offline: (span) => `This device had no network for ${span}; your agents went on.`,
  asleep: (span) => `This app slept for ${span}; your agents went on.`,
};

export interface Return {
  cause: AwayCause;
  /** How long: `12 s`. */
  away: string;
  /** The home server was started meanwhile. */
  restarted: boolean;
  /** What happened meanwhile, and how many sessions were lost. */
  text: string;
  lost: number;
}

/** What is said once the link is back: "The relay was away for 12 s; your agents went on. Meanwhile 1 finished." */
export function reconnectedText({ cause, away, restarted, text, lost }: Return): string {
  const blamesHome = cause === 'home_offline' || cause === 'broken';
  const blame =
    restarted && blamesHome ? `The home server was away for ${away}${lost === 0 ? '; nothing was lost' : ''}.` : BLAME[cause](away);
  return [blame, text].filter((part) => part !== '').join(' ');
}
