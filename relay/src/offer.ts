/** What a WebSocket request asks for: which room, and as whom (docs/protocol.md, section 1). */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ROOM_LABEL, ROOM_PATTERN, SUBPROTOCOL } from '@afield/shared/rendezvous.ts';

export type Role = 'client' | 'server';
export interface Offer {
  room: string;
  role: Role;
}
/** An HTTP status, and the word under which /metrics counts it. */
export interface Refusal {
  status: 400 | 401 | 403 | 429 | 503;
  reason: 'offer' | 'secret' | 'not_listed' | 'connects' | 'unpaired' | 'closing';
}

/**
 * Reads the offered sub-protocols and the secret. Whoever sends no Authorization is a client. Whoever does must hold the secret that
 * hashes to the room, so that knowing a room never lets anyone pose as its home server.
 */
export function readOffer(request: IncomingMessage): Offer | Refusal {
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',', 3).map((entry) => entry.trim());
  const [protocol, room] = offered;
  if (offered.length !== 2 || protocol !== SUBPROTOCOL || room === undefined || !ROOM_PATTERN.test(room))
    return { status: 400, reason: 'offer' };
  const authorization = request.headers.authorization;
  if (authorization === undefined) return { room, role: 'client' };
  const secret = /^Bearer ([A-Za-z0-9_-]{43})$/.exec(authorization)?.[1];
  // Both sides of this comparison are the caller's own, so its timing tells nobody anything.
  if (secret === undefined || roomOf(secret) !== room) return { status: 401, reason: 'secret' };
  return { room, role: 'server' };
}

/** The room of a secret; both in base64url. */
export function roomOf(secret: string): string {
  return createHash('sha256').update(ROOM_LABEL).update(Buffer.from(secret, 'base64url')).digest('base64url');
}
