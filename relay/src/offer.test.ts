import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { readOffer, roomOf } from './offer.ts';

/** SHA-256 over "afield room v1", a zero byte and 32 bytes of 0x07, reckoned with another tool (Python's hashlib). */
const SECRET = Buffer.alloc(32, 7).toString('base64url');
const ROOM = 'Akyw4WzidRSdME7RO6vPMSv5Gqq9Pw_NTGdHZd_tBgA';

const offer = (protocol: string | undefined, authorization?: string) =>
  readOffer({ headers: { 'sec-websocket-protocol': protocol, authorization } } as unknown as IncomingMessage);

it('the room is the hash of label and secret', () => {
  expect(roomOf(SECRET)).toBe(ROOM);
});

describe('who comes', () => {
  it('is a client without a secret', () => {
    expect(offer(`afield.v1, ${ROOM}`)).toEqual({ room: ROOM, role: 'client' });
    expect(offer(`afield.v1,${ROOM}`)).toEqual({ room: ROOM, role: 'client' });
  });

  it('is the home server with the secret that hashes to the room', () => {
    expect(offer(`afield.v1, ${ROOM}`, `Bearer ${SECRET}`)).toEqual({ room: ROOM, role: 'server' });
  });

  it.each([
    `Bearer ${ROOM}`,
    `Bearer ${Buffer.alloc(32, 8).toString('base64url')}`,
    `bearer ${SECRET}`,
    `Basic ${SECRET}`,
    `Bearer ${SECRET}x`,
    'Bearer ',
    '',
  ])('is refused with %j, not taken for a client', (authorization) => {
    expect(offer(`afield.v1, ${ROOM}`, authorization)).toEqual({ status: 401, reason: 'secret' });
  });

  it.each([
    undefined,
    '',
    'afield.v1',
    ROOM,
    `${ROOM}, afield.v1`,
    `afield.v2, ${ROOM}`,
    `afield.v1, ${ROOM}, more`,
    `afield.v1, ${ROOM}x`,
    `afield.v1, ${ROOM.slice(1)}`,
    `afield.v1, ${ROOM.slice(1)}+`,
    `afield.v1, ${ROOM}\n`.slice(0, -1).replace('afield', 'Afield'),
  ])('is refused with the protocols %j', (protocol) => {
    expect(offer(protocol)).toEqual({ status: 400, reason: 'offer' });
  });
});
