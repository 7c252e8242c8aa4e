/** The WebSocket doors of this machine: `/ws` for the link itself, `/channel` for devices that pair without a relay. */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { AfieldError } from '@afield/shared/errors.ts';
import { HEARTBEAT_MS, MAX_LINK_MESSAGE_BYTES } from '@afield/shared/link/messages.ts';
import { CLOSE, MAX_FRAME_BYTES, ROOM_PATTERN, SUBPROTOCOL } from '@afield/shared/rendezvous.ts';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Admit } from './admission.ts';
import { refuseUpgrade } from './http.ts';
import type { Gatekeeper, ServeLink } from './ports.ts';
import { linkPipe, messageSocket } from './ws-lines.ts';

/** Sockets that have not said yet who they are. */
const MAX_NAMELESS = 32;
/** All that a socket may send before it has: one `auth` message, or the first of a handshake. */
const NAMELESS_BYTES = 64 * 1024;
/** As at the relay: a client brings its first frame along. */
const FIRST_FRAME_MS = 3_000;
const SESSION_ID = /^[0-9a-f-]{36}$/;

export interface WebSocketDoorOptions {
  gate: Gatekeeper;
  serveLink: ServeLink;
  admit: Admit;
  /** base64url. */
  room: string;
}

export interface WebSocketDoor {
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void;
  /** Cuts whoever has not said yet who they are; the links are ended by whoever serves them. */
  close(): void;
}

export function createWebSocketDoor(options: WebSocketDoorOptions): WebSocketDoor {
  const common = { noServer: true, clientTracking: false, perMessageDeflate: false } as const;
  const links = new WebSocketServer({ ...common, maxPayload: MAX_LINK_MESSAGE_BYTES });
  const channels = new WebSocketServer({ ...common, maxPayload: MAX_FRAME_BYTES, handleProtocols: () => SUBPROTOCOL });
  const nameless = new Set<WebSocket>();

  /** Holds a socket to its word until the returned function is called. */
  const untilNamed = (socket: WebSocket, raw: Socket): (() => void) => {
    const start = raw.bytesRead;
    const count = () => {
      if (raw.bytesRead - start > NAMELESS_BYTES) socket.terminate();
    };
    const named = () => {
      nameless.delete(socket);
      raw.off('data', count);
    };
    nameless.add(socket);
    raw.on('data', count);
    socket.once('close', named);
    return named;
  };

  const openLink = (socket: WebSocket, request: IncomingMessage, session_id: string | null) => {
    const named = untilNamed(socket, request.socket);
    const who = (token: string) => {
      const identity = options.gate.identifyToken(token, request.socket.remoteAddress ?? '');
      if (identity !== null) named();
      return identity;
    };
    const beat = setInterval(() => socket.ping(), HEARTBEAT_MS);
    socket.once('close', () => clearInterval(beat));
    options.serveLink({ pipe: linkPipe(socket), door: 'websocket', who, session_id });
  };

  const openChannel = (socket: WebSocket, request: IncomingMessage) => {
    const named = untilNamed(socket, request.socket);
    const late = setTimeout(() => socket.close(CLOSE.policy), FIRST_FRAME_MS);
    socket.once('close', () => clearTimeout(late));
    void options.admit(messageSocket(socket), 'websocket', () => clearTimeout(late)).then(named);
  };

  return {
    upgrade(request, raw, head) {
      raw.on('error', () => raw.destroy());
      try {
        options.gate.inspect(request, { navigation: false });
        const { pathname, searchParams } = new URL(request.url ?? '/', 'http://here');
        if (nameless.size >= MAX_NAMELESS) throw new AfieldError('unavailable', 'Too many connections wait to say who they are.');
        if (pathname === '/ws') {
          const session_id = sessionOf(searchParams);
          links.handleUpgrade(request, raw, head, (socket) => openLink(socket, request, session_id));
        } else if (pathname === '/channel') {
          if (!isOurRoom(request, options.room)) throw new AfieldError('not_found', 'There is nothing at this address.');
          channels.handleUpgrade(request, raw, head, (socket) => openChannel(socket, request));
        } else {
          throw new AfieldError('not_found', 'There is no WebSocket at this address. The link is at /ws.');
        }
      } catch (error) {
        refuseUpgrade(request, raw, error instanceof AfieldError ? error : new AfieldError('bad_request', 'This address cannot be read.'));
      }
    },
    close() {
      for (const socket of nameless) socket.terminate();
    },
  };
}

function sessionOf(query: URLSearchParams): string | null {
  const given = query.get('session_id');
  if (given === null || SESSION_ID.test(given)) return given;
  throw new AfieldError('bad_request', 'query.session_id: expected the id of a session.');
}

/** `afield.v1, <room>`, as a client offers it to a relay. */
function isOurRoom(request: IncomingMessage, room: string): boolean {
  const [protocol, offered, more] = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((part) => part.trim());
  if (protocol !== SUBPROTOCOL || offered === undefined || more !== undefined || !ROOM_PATTERN.test(offered)) return false;
  return timingSafeEqual(Buffer.from(offered), Buffer.from(room));
}
