import { AfieldError } from '../errors.ts';
import { fromBase64url, toBase64url } from './base64url.ts';
import { assertLength, TICKET_ID_BYTES } from './handshake.ts';
import { concat } from './noise.ts';

/** What a pairing link or QR code holds: everything a device needs to find the home server and to be let in once. */
export interface PairingLink {
  /** 32 bytes. */
  room: Uint8Array;
  /** The home server's public key, 32 bytes. */
  serverKey: Uint8Array;
  /** 8 bytes. */
  ticketId: Uint8Array;
  /** The ticket's secret q, 32 bytes. */
  secret: Uint8Array;
  /** Unix seconds by the server's clock. Only to be shown: the server decides. */
  expiresAt: number;
  /** `wss://…`, or `ws://` on this very machine. */
  relayUrl: string;
}

/** In the fragment, which browsers never send to a server. */
const PREFIX = '#pair=v1.';
const FIXED_BYTES = 32 + 32 + TICKET_ID_BYTES + 32 + 4;
const MAX_URL_BYTES = 512;
/** A QR code holds 2,953 bytes at most; ours stay far below. Nothing longer is even looked at. */
const MAX_LINK_CHARACTERS = 2048;
const MAX_DATA_CHARACTERS = Math.ceil(((FIXED_BYTES + MAX_URL_BYTES) * 4) / 3);
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** `page` is the address of the PWA, with nothing behind `#`. */
export function encodePairingLink(page: string, link: PairingLink): string {
  const expiry = new Uint8Array(4);
  new DataView(expiry.buffer).setUint32(0, link.expiresAt);
  const data = concat(
    assertLength(link.room, 32, 'room'),
    assertLength(link.serverKey, 32, 'server key'),
    assertLength(link.ticketId, TICKET_ID_BYTES, 'ticket id'),
    assertLength(link.secret, 32, 'secret'),
    expiry,
    new TextEncoder().encode(relayUrlOf(link.relayUrl)),
  );
  return `${page}${PREFIX}${toBase64url(data)}`;
}

/** Reads a whole link, or only its part from `#` on. Throws `bad_request`, worded for the person who scanned or pasted it. */
export function parsePairingLink(text: string): PairingLink {
  const trimmed = text.length > MAX_LINK_CHARACTERS ? '' : text.trim();
  const at = trimmed.indexOf('#pair=');
  if (at < 0) throw new AfieldError('bad_request', 'This is no Afield pairing code. Run `afield pair` at home and scan what it shows.');
  if (!trimmed.startsWith(PREFIX, at)) {
    throw new AfieldError(
      'bad_request',
      'This pairing code is of another version. Update Afield here and at home, then run `afield pair` again.',
    );
  }
  const data = trimmed.slice(at + PREFIX.length);
  const link = orDamaged(() => {
    if (data.length > MAX_DATA_CHARACTERS) throw new RangeError('Too long.');
    return decode(fromBase64url(data));
  });
  return { ...link, relayUrl: relayUrlOf(link.relayUrl) };
}

function orDamaged<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const detail = 'This pairing code is damaged. Run `afield pair` at home for a new one, and take all of it.';
    throw new AfieldError('bad_request', detail, { cause });
  }
}

function decode(bytes: Uint8Array): PairingLink {
  if (bytes.length <= FIXED_BYTES) throw new RangeError('Too short.');
  let at = 0;
  const take = (length: number) => {
    at += length;
    return bytes.slice(at - length, at);
  };
  const [room, serverKey, ticketId, secret, expiry] = [take(32), take(32), take(TICKET_ID_BYTES), take(32), take(4)];
  const relayUrl = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(at));
  return { room, serverKey, ticketId, secret, expiresAt: new DataView(expiry.buffer).getUint32(0), relayUrl };
}

/** Throws unless it is a WebSocket address that may be dialled: encrypted, or on this machine; with no name, password, query or fragment. */
function relayUrlOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const allowed = url?.protocol === 'wss:' || (url?.protocol === 'ws:' && LOOPBACK.test(url.hostname));
  if (url === null || !allowed)
    throw new AfieldError('bad_request', 'The relay address must begin with wss:// (ws:// only on this machine).');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '' || text.length > MAX_URL_BYTES) {
    throw new AfieldError('bad_request', 'The relay address may hold a host, a port and a path, and nothing secret.');
  }
  return url.href;
}
