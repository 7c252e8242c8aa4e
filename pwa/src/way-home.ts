import { toBase64url } from '@afield/shared/channel/base64url.ts';
import { fingerprintOf } from '@afield/shared/channel/handshake.ts';
import { openChannel } from '@afield/shared/channel/open-channel.ts';
import { parsePairingLink } from '@afield/shared/channel/pairing-link.ts';
import { AfieldClient } from '@afield/shared/client/client.ts';
import { dialRelay, relayDoor, untilAborted } from '@afield/shared/client/doors/relay.ts';
import { AfieldError, type ErrorCode } from '@afield/shared/errors.ts';
import { ConnectFailed, type Door } from '@afield/shared/link/door.ts';
import type { HomeLink } from './models/home-link.ts';
import type { PairingDoor } from './models/pairing.ts';
import { APP_VERSION } from './models/version.ts';
import { openDeviceKey } from './platform/device-key.ts';
import { browserPrimitives } from './platform/primitives.ts';
import type { HomeRecord } from './platform/store.ts';

/** The one way home of a browser: through the relay, inside the channel. Here the models' interfaces meet the shared client. */

/** Longer than the relay holds a client for a spare and a handshake takes. */
const PAIRING_TIMEOUT_MS = 30_000;

export const fingerprint = (serverKey: Uint8Array): string => fingerprintOf(browserPrimitives, serverKey);

/** A relay door whose key is opened with each connection: WebCrypto gives its public half only on request. */
function doorOf(record: HomeRecord, lastSeq: () => number): Door {
  return {
    via: 'relay',
    async connect(signal) {
      const door = relayDoor({
        home: { relayUrl: record.relay_url, room: record.room, serverKey: record.server_key, devicePsk: record.device_psk },
        staticKey: await openDeviceKey(record.key),
        primitives: browserPrimitives,
        WebSocket,
        label: record.label,
        appVersion: APP_VERSION,
        lastSeq,
      });
      return door.connect(signal);
    },
  };
}

/** Not started yet; it reconnects by itself until closed. `lastSeq`: the newest event known, told with each handshake. */
export function openHome(record: HomeRecord, lastSeq: () => number): HomeLink {
  const client = AfieldClient.through(doorOf(record, lastSeq));
  const { link } = client;
  return {
    connection: link.connection,
    get welcome() {
      return link.welcome;
    },
    start: () => link.start(),
    close: () => link.close(),
    checkNow: () => link.checkNow(),
    setNetwork: (online) => link.setNetwork(online),
    subscribe: (options, handler) => link.subscribe(options, handler),
    attach: (options, handlers) => link.attach(options, handlers),
    onReconnected: (listener) => link.onReconnected(listener),
    call: (operation, sent) => client.call(operation, sent),
  };
}

const CODES: Record<ConnectFailed['reason'], ErrorCode> = {
  refused: 'unauthenticated',
  relay_down: 'relay_unreachable',
  home_offline: 'unavailable',
  broken: 'unavailable',
  offline: 'unavailable',
};

const DETAILS: Partial<Record<ConnectFailed['reason'], string>> = {
  relay_down: 'The relay of this link does not answer. Look whether this device has a network, and whether the relay runs.',
  home_offline: 'The relay answers, but home does not. Look whether “afield serve” runs there and is connected to this relay.',
};

async function worded<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (!(cause instanceof ConnectFailed)) throw cause;
    throw new AfieldError(CODES[cause.reason], DETAILS[cause.reason] ?? cause.message, { cause });
  }
}

export const pairingDoor: PairingDoor = {
  read(link) {
    const { room, serverKey, ticketId, secret, expiresAt, relayUrl } = parsePairingLink(link);
    return {
      room,
      server_key: serverKey,
      ticket_id: ticketId,
      secret,
      expires_at: expiresAt * 1000,
      relay_url: relayUrl,
      home_id: toBase64url(serverKey),
      fingerprint: fingerprint(serverKey),
    };
  },

  pair: (offer, { label, key, save }) =>
    worded(
      (async () => {
        const staticKey = await openDeviceKey(key);
        const signal = AbortSignal.timeout(PAIRING_TIMEOUT_MS);
        const socket = await dialRelay({ relayUrl: offer.relay_url, room: offer.room, WebSocket, signal });
        const { channel } = await untilAborted(signal, socket, () =>
          openChannel({
            mode: 'pair',
            socket,
            primitives: browserPrimitives,
            staticKey,
            room: offer.room,
            serverKey: offer.server_key,
            secret: offer.secret,
            ticketId: offer.ticket_id,
            label,
            appVersion: APP_VERSION,
            lastSeq: 0,
            beforeMsg3: async ({ devicePsk, check }) => {
              if (devicePsk === null) throw new AfieldError('internal', 'The handshake made no secret for this device.');
              await save({ device_psk: devicePsk, check });
            },
          }),
        );
        channel.close({ kind: 'goodbye', detail: 'Paired; the session connects by itself.' });
      })(),
    ),

  verify: (record) =>
    worded(
      (async () => {
        const channel = await doorOf(record, () => 0).connect(AbortSignal.timeout(PAIRING_TIMEOUT_MS));
        channel.close({ kind: 'goodbye', detail: 'The pairing stands.' });
      })(),
    ),
};
