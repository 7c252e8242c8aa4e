import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { addressKey, addressOf, isLoopback } from './address.ts';

describe('the key of an address', () => {
  it.each([
    ['198.51.100.7', '198.51.100.7'],
    ['::ffff:198.51.100.7', '198.51.100.7'],
    ['::FFFF:198.51.100.7', '198.51.100.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8::', '2001:db8:0:0::/64'],
    ['::2', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['64:ff9b::198.51.100.7', '64:ff9b:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '::1'],
    ['', ''],
  ])('%s counts as %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });
});

describe('whose address counts', () => {
  const request = (peer: string | undefined, forwarded?: string) =>
    ({
      socket: { remoteAddress: peer },
      headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
    }) as unknown as IncomingMessage;

  it('is the peer’s, whatever headers say, unless proxies are trusted', () => {
    expect(addressOf(request('198.51.100.7', '203.0.113.9'), 0)).toBe('198.51.100.7');
  });

  it('is the entry that the trusted proxy wrote: what a client forged stands left of it', () => {
    expect(addressOf(request('10.0.0.2', '1.2.3.4, 203.0.113.9'), 1)).toBe('203.0.113.9');
    expect(addressOf(request('10.0.0.2', '1.2.3.4, 203.0.113.9, 10.0.0.1'), 2)).toBe('203.0.113.9');
    expect(addressOf(request('10.0.0.2', '2001:db8:1:2:3::9'), 1)).toBe('2001:db8:1:2::/64');
  });

  it.each([undefined, '', 'unknown', '1.2.3.4, not an address', '203.0.113.9:4711'])('is the peer’s when the header is %j', (forwarded) => {
    expect(addressOf(request('10.0.0.2', forwarded), 1)).toBe('10.0.0.2');
  });

  it('is the peer’s when fewer proxies have written than are trusted', () => {
    expect(addressOf(request('10.0.0.2', '203.0.113.9'), 2)).toBe('10.0.0.2');
  });

  it('is empty, not an error, when the peer has gone already', () => {
    expect(addressOf(request(undefined), 0)).toBe('');
  });
});

it.each(['localhost', '127.0.0.1', '127.255.0.9', '::1', '::ffff:127.0.0.1'])('%s is this machine itself', (address) => {
  expect(isLoopback(address)).toBe(true);
});
it.each(['0.0.0.0', '::', '10.0.0.1', '128.0.0.1', 'relay.example', ''])('%j is not this machine alone', (address) => {
  expect(isLoopback(address)).toBe(false);
});
