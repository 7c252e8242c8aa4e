/** A device without a screen: pairs with a link and speaks through the relay, as the page does. */
import { randomBytes } from 'node:crypto';
import { openChannel } from '@afield/shared/channel/open-channel.ts';
import { parsePairingLink } from '@afield/shared/channel/pairing-link.ts';
import type { Primitives } from '@afield/shared/channel/primitives.ts';
import { AfieldClient } from '@afield/shared/client/client.ts';
import { dialRelay, type PairedHome, type RelayOptions } from '@afield/shared/client/doors/relay.ts';
import WebSocket from 'ws';
import { nodeKeyPair, nodePrimitives } from '../server/src/channel/node-primitives.ts';

export interface PairedDevice {
  options: RelayOptions;
  check: string;
  /** A new connection of this device. */
  connect(): AfieldClient;
}

/** Uses up a pairing link. `primitives`: the server's by default, the browser's for a fair figure of one. */
export async function pairDevice(link: string, label: string, primitives: Primitives = nodePrimitives): Promise<PairedDevice> {
  const offer = parsePairingLink(link);
  const staticKey = nodeKeyPair(randomBytes(32));
  const socket = await dialRelay({ relayUrl: offer.relayUrl, room: offer.room, WebSocket, signal: AbortSignal.timeout(15_000) });
  const opened = await openChannel({
    mode: 'pair',
    socket,
    primitives,
    staticKey,
    room: offer.room,
    serverKey: offer.serverKey,
    secret: offer.secret,
    ticketId: offer.ticketId,
    label,
    appVersion: 'test',
    lastSeq: 0,
  });
  opened.channel.close({ kind: 'goodbye', detail: 'paired' });
  if (opened.devicePsk === null) throw new Error('Pairing gave no secret.');
  const home: PairedHome = { relayUrl: offer.relayUrl, room: offer.room, serverKey: offer.serverKey, devicePsk: opened.devicePsk };
  const options: RelayOptions = { home, staticKey, primitives, WebSocket, label, appVersion: 'test' };
  return { options, check: opened.check, connect: () => AfieldClient.relay(options) };
}
