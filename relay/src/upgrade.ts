/** The door: from a WebSocket request to a leg in its room, or to a refusal. */
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { SUBPROTOCOL } from '@afield/shared/rendezvous.ts';
import { type WebSocket, WebSocketServer } from 'ws';
import { addressOf } from './address.ts';
import type { Limits } from './limits.ts';
import type { Log } from './log.ts';
import type { Tally } from './metrics.ts';
import { type Offer, type Refusal, readOffer } from './offer.ts';
import type { RelaySettings } from './settings.ts';

/** Pieces in which one frame of at most 65,535 bytes may come: 124 at the smallest usual packet. Bounds what a dribbler can make us hold. */
const MAX_CHUNKS = 1024;
/** Neither browsers nor our own ends split a frame; others may, a little. */
const MAX_FRAGMENTS = 128;

/** What the door needs of the rest of the relay. */
export interface Inside {
  settings: RelaySettings;
  tally: Tally;
  limits: Limits;
  log: Log;
  isClosing(): boolean;
  enter(ws: WebSocket, socket: Socket, offer: Offer, address: string): void;
}

/** Sets the door into an HTTP server. Any path will do, so that a proxy may put the relay where it likes. */
export function openDoor(http: Server, inside: Inside): void {
  const { settings, tally, limits, log } = inside;
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false, // ciphertext does not shrink
    maxPayload: settings.frameBytes,
    maxBufferedChunks: MAX_CHUNKS,
    maxFragments: MAX_FRAGMENTS,
    allowSynchronousEvents: true, // every frame of one read at once
    skipUTF8Validation: true, // a text frame is passed on as it came; the end of the channel refuses it
    handleProtocols: () => SUBPROTOCOL,
  });
  const pending = new WeakMap<Duplex, () => void>();
  const warn = warnOnce(log);

  http.on('connection', (socket: Socket) => {
    const release = limits.holdPending(socket.remoteAddress ?? '');
    if (release) {
      pending.set(socket, release);
      socket.once('close', release);
    } else {
      tally.refused.pending += 1;
      socket.destroy();
    }
  });

  http.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const release = pending.get(socket);
    if (release) socket.off('close', release);
    release?.();
    socket.on('error', destroy);
    const forwarded = request.headers['x-forwarded-for'] !== undefined;
    if (forwarded !== settings.trustProxy > 0) warn(forwarded ? 'proxy_not_trusted' : 'proxy_header_missing');
    const address = addressOf(request, settings.trustProxy);
    const offer = readOffer(request);
    const refusal = inside.isClosing() ? CLOSING : limits.admit(offer, address, !forwarded || settings.trustProxy > 0);
    if (refusal) {
      tally.refused[refusal.reason] += 1;
      refuse(socket, refusal.status);
    } else if ('room' in offer) sockets.handleUpgrade(request, socket, head, (ws) => inside.enter(ws, socket, offer, address));
  });

  http.on('drop', () => {
    tally.refused.sockets += 1;
  });
}

const CLOSING: Refusal = { status: 503, reason: 'closing' };

function destroy(this: Duplex): void {
  this.destroy();
}

function refuse(socket: Duplex, status: number): void {
  socket.once('finish', destroy);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

const ADVICE = {
  proxy_not_trusted: 'Requests come through a proxy. Set RELAY_TRUST_PROXY=1; until then all clients share one address and its limits.',
  proxy_header_missing: 'RELAY_TRUST_PROXY is set, but a request came without X-Forwarded-For. Close the way around the proxy.',
};

function warnOnce(log: Log): (event: keyof typeof ADVICE) => void {
  const warned = new Set<string>();
  return (event) => {
    if (!warned.has(event)) log('warn', event, { advice: ADVICE[event] });
    warned.add(event);
  };
}
