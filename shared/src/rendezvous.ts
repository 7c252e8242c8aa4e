/** All that the relay and the two ends share (docs/protocol.md, section 1). Nothing here knows what a frame holds. */

/** WebSocket sub-protocol that the relay answers with; the second offered entry is the room. */
export const SUBPROTOCOL = 'afield.v1';

/** Hashed together with the home server's 32-byte secret to give the room, so that a room never reveals the secret. */
export const ROOM_LABEL = 'afield room v1\0';

/** A room or a secret in base64url: 32 bytes, 43 characters, no padding. */
export const ROOM_PATTERN = /^[A-Za-z0-9_-]{43}$/;

/** Largest WebSocket frame in bytes: a Noise message (Noise specification, section 3). */
export const MAX_FRAME_BYTES = 65_535;

/** WebSocket close codes (RFC 6455 section 7.4; 4000 and up are ours). */
export const CLOSE = {
  normal: 1000,
  goingAway: 1001,
  /** Text frame, bad first frame, failed handshake, failed decrypt: always without a reason. */
  policy: 1008,
  tooLarge: 1009,
  /** No spare was free within the wait: the home server is offline, busy, or the room does not exist. All alike. */
  tryLater: 1013,
} as const;

/**
 * The code to close one leg with after the other closed with `code`. A close without a code (1005) is normal; what may not be sent
 * (1004, 1006, 1015, unassigned; RFC 6455 section 7.4) becomes going away.
 */
export function sendableCode(code: number): number {
  if (code === 1005) return CLOSE.normal;
  const assigned = code >= 1000 && code <= 1014 && code !== 1004 && code !== 1006;
  return assigned || (code >= 3000 && code <= 4999) ? code : CLOSE.goingAway;
}
