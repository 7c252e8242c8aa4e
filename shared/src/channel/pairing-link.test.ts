import { describe, expect, it } from 'vitest';
import { toBase64url } from './base64url.ts';
import { encodePairingLink, type PairingLink, parsePairingLink } from './pairing-link.ts';

const link: PairingLink = {
  room: new Uint8Array(32).fill(1),
  serverKey: new Uint8Array(32).fill(2),
  ticketId: new Uint8Array(8).fill(3),
  secret: new Uint8Array(32).fill(4),
  expiresAt: 4_000_000_000,
  relayUrl: 'wss://relay.example.net/',
};
const written = encodePairingLink('https://app.example.net/', link);
/** A link whose bytes are these, in the place of ours. */
const holding = (...bytes: number[]) => `https://app.example.net/#pair=v1.${toBase64url(Uint8Array.from(bytes))}`;
const withRelay = (url: string) => holding(...new Array(108).fill(7), ...new TextEncoder().encode(url));

describe('pairing link', () => {
  it('keeps everything behind #, and short enough for a QR code', () => {
    expect(written).toMatch(/^https:\/\/app\.example\.net\/#pair=v1\.[A-Za-z0-9_-]+$/);
    expect(written.length).toBeLessThan(250);
  });

  it('comes back from a whole link, its fragment alone, or with space around', () => {
    expect(parsePairingLink(written)).toEqual(link);
    expect(parsePairingLink(written.slice(written.indexOf('#')))).toEqual(link);
    expect(parsePairingLink(`\n ${written} `)).toEqual(link);
  });

  it.each([
    ['E12: another text', 'https://example.net/hello'],
    ['E12: another kind of code', 'WIFI:S:home;T:WPA;P:secret;;'],
    ['E12: a huge one', `${written}${'A'.repeat(1_000_000)}`],
    ['nothing', ''],
  ])('%s is no pairing code', (_name, text) => {
    expect(() => parsePairingLink(text)).toThrow(
      expect.objectContaining({ code: 'bad_request', message: expect.stringContaining('no Afield') }),
    );
  });

  it.each(['#pair=v2.AAAA', '#pair=v1', '#pair=', '#pair=xyz'])('E12: %s is of another version', (text) => {
    expect(() => parsePairingLink(text)).toThrow(/another version/);
  });

  it.each([
    ['cut short', written.slice(0, 100)],
    ['cut before the relay', holding(...new Array(108).fill(7))],
    ['with a foreign character', `${written}!`],
    ['empty', '#pair=v1.'],
    ['longer than any of ours', `#pair=v1.${'A'.repeat(1500)}`],
    ['with text that is not UTF-8', holding(...new Array(108).fill(7), 0xff, 0xfe)],
  ])('a link %s is damaged', (_name, text) => {
    expect(() => parsePairingLink(text)).toThrow(/damaged/);
  });

  it.each([
    'wss://relay.example.net/',
    'wss://192.0.2.7:8443/afield',
    'ws://127.0.0.1:4097/',
    'ws://localhost:4097/',
    'ws://[::1]:4097/',
    'ws://127.9.9.9/',
  ])('dials %s', (relayUrl) => {
    expect(parsePairingLink(withRelay(relayUrl)).relayUrl).toBe(relayUrl);
    expect(parsePairingLink(encodePairingLink('https://app.example.net/', { ...link, relayUrl })).relayUrl).toBe(relayUrl);
  });

  it.each([
    'ws://relay.example.net/',
    'ws://192.168.1.5/',
    'ws://localhost.example.net/',
    'ws://127.0.0.1.example.net/',
    'https://relay.example.net/',
    'javascript:alert(1)',
    'wss://name:password@relay.example.net/',
    'wss://relay.example.net/?token=1',
    'wss://relay.example.net/#x',
    'relay.example.net',
    `wss://relay.example.net/${'a'.repeat(600)}`,
  ])('E11: refuses to dial %s, and to write it', (relayUrl) => {
    expect(() => parsePairingLink(withRelay(relayUrl))).toThrow(expect.objectContaining({ code: 'bad_request' }));
    expect(() => encodePairingLink('https://app.example.net/', { ...link, relayUrl })).toThrow(
      expect.objectContaining({ code: 'bad_request' }),
    );
  });

  it('refuses to write parts of a wrong size', () => {
    for (const part of ['room', 'serverKey', 'ticketId', 'secret'] as const) {
      expect(() => encodePairingLink('https://app.example.net/', { ...link, [part]: new Uint8Array(31) })).toThrow(/31 bytes/);
    }
  });
});
