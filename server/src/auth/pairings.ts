/** Pairing tickets: how a new device gets in once, within two minutes. In memory only; a restart forgets them. */
import { timingSafeEqual } from 'node:crypto';
import type { Device, Pairing } from '@afield/shared/api/devices.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { allows, type Identity } from '../core/identity.ts';
import type { Clock } from '../core/ports.ts';
import type { Devices } from './devices.ts';
import { rateLimit } from './rate-limit.ts';

/** Long enough to take the phone out and point it at the screen. */
export const TICKET_MS = 120_000;
/** Guesses are hopeless against 256 bits; this bounds what a stolen half of a link can be used for. */
export const MAX_TICKET_FAILURES = 5;
/** For all tickets together: a room that leaked lets anyone try. */
export const MAX_ATTEMPTS_A_MINUTE = 10;
/** What became of old tickets is remembered for so many. */
const MAX_TICKETS = 16;

export interface PairingLink {
  ticketId: Uint8Array;
  q: Uint8Array;
  /** Unix seconds. */
  expiry: number;
}

export interface PairingDeps {
  clock: Clock;
  random(length: number): Uint8Array;
  devices: Pick<Devices, 'admit'>;
  fingerprint: string;
  /** The link that the phone opens. Errors: relay_not_configured. */
  linkOf(link: PairingLink): string;
}

interface Ticket {
  id: string;
  idBytes: Uint8Array;
  /** Emptied when the ticket is no longer open. */
  q: Uint8Array;
  user: string;
  scopes: string[];
  /** On the monotonic clock: moving the wall clock back revives nothing. */
  opened: number;
  expires_at: string;
  state: Exclude<Pairing['state'], 'expired'>;
  failures: number;
  check: string | null;
  device: Device | null;
}

export interface PairAttempt {
  ticketId: Uint8Array;
  devicePublicKey: Uint8Array;
}
/** What a finished handshake tells (`Device` of the channel), as far as pairing needs it. */
export interface PairedDevice extends PairAttempt {
  label: string;
  appVersion: string;
  check: string;
  devicePsk: Uint8Array | null;
}

export type Pairings = ReturnType<typeof createPairings>;

export function createPairings({ clock, random, devices, fingerprint, linkOf }: PairingDeps) {
  const tickets = new Map<string, Ticket>();
  const attempts = rateLimit({ limit: MAX_ATTEMPTS_A_MINUTE, windowMs: 60_000, clock });

  const isOpen = (ticket: Ticket) => ticket.state === 'open' && clock.monotonic() - ticket.opened < TICKET_MS;
  const close = (ticket: Ticket, state: 'paired' | 'burnt') => {
    ticket.state = state;
    ticket.q.fill(0);
  };
  const find = (id: Uint8Array) => [...tickets.values()].find((ticket) => timingSafeEqual(ticket.idBytes, id));

  const shown = (ticket: Ticket): Pairing => ({
    id: ticket.id,
    state: ticket.state === 'open' && !isOpen(ticket) ? 'expired' : ticket.state,
    expires_at: ticket.expires_at,
    fingerprint,
    check: ticket.check,
    device: ticket.device,
  });

  return {
    /** Nobody gives away more than they have. */
    create(identity: Identity, scopes: string[]): Pairing {
      refuseWider(identity, scopes);
      const q = random(32);
      const idBytes = random(8);
      const expires = clock.now() + TICKET_MS;
      const link = linkOf({ ticketId: idBytes, q, expiry: Math.floor(expires / 1000) });
      for (const old of tickets.values()) if (old.user === identity.user && old.state === 'open') close(old, 'burnt');
      const ticket: Ticket = {
        id: Buffer.from(idBytes).toString('hex'),
        idBytes,
        q,
        user: identity.user,
        scopes,
        opened: clock.monotonic(),
        expires_at: new Date(expires).toISOString(),
        state: 'open',
        failures: 0,
        check: null,
        device: null,
      };
      tickets.set(ticket.id, ticket);
      if (tickets.size > MAX_TICKETS) tickets.delete(tickets.keys().next().value as string);
      return { ...shown(ticket), link };
    },

    get(identity: Identity, id: string): Pairing {
      const ticket = tickets.get(id);
      if (ticket === undefined || ticket.user !== identity.user)
        throw new AfieldError('not_found', 'No such pairing ticket. Make a new one.');
      return shown(ticket);
    },

    /** The secret of an open ticket. Null: used, expired, unknown, or too many tried this minute. */
    lookup({ ticketId }: PairAttempt): { secret: Uint8Array } | null {
      if (!attempts.take('all')) return null;
      const ticket = find(ticketId);
      return ticket !== undefined && isOpen(ticket) ? { secret: ticket.q.slice() } : null;
    },

    /** Somebody knew the ticket's id and not its secret. */
    failed({ ticketId }: PairAttempt): void {
      const ticket = find(ticketId);
      if (ticket === undefined || ticket.state !== 'open') return;
      if (++ticket.failures >= MAX_TICKET_FAILURES) close(ticket, 'burnt');
    },

    /** Burns the ticket and writes the device in one synchronous block. Throws when somebody was first, or it is too late. */
    commit(found: PairedDevice): Identity {
      const ticket = find(found.ticketId);
      if (ticket === undefined || !isOpen(ticket) || found.devicePsk === null)
        throw new AfieldError('unauthenticated', 'The ticket is not open.');
      const { identity, device } = devices.admit(
        {
          public_key: found.devicePublicKey,
          psk: found.devicePsk,
          label: found.label,
          app_version: found.appVersion,
          user: ticket.user,
          scopes: ticket.scopes,
        },
        () => close(ticket, 'paired'),
      );
      ticket.check = found.check;
      ticket.device = device;
      return identity;
    },
  };
}

const SCOPE = /^(\*|[a-z]{1,32}:(\*|[a-z]{1,32}))$/;

function refuseWider(identity: Identity, scopes: readonly string[]): void {
  for (const scope of scopes) {
    if (!SCOPE.test(scope))
      throw new AfieldError('bad_request', `body.scopes: "${scope.slice(0, 64)}" is no scope. Use *, noun:* or noun:verb.`);
    const covered =
      identity.scopes.includes('*') || identity.scopes.includes(scope) || (!scope.endsWith('*') && allows(identity.scopes, scope as never));
    if (!covered) throw new AfieldError('forbidden', `You do not have ${scope} yourself, so you cannot give it.`);
  }
}
