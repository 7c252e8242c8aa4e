/** Which addresses lie in the public internet: a message may go to no other (case F1). */
import { BlockList, isIP } from 'node:net';

/** IANA special-purpose registry for IPv4 (RFC 6890 and successors), multicast and the reserved top. */
const PRIVATE_IPV4 = blocked('ipv4', [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]);
/** Of 2000::/3: protocol assignments with Teredo, documentation (twice), 6to4: they reach who knows where. */
const PRIVATE_IPV6 = blocked('ipv6', [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]);

function blocked(family: 'ipv4' | 'ipv6', ranges: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of ranges) list.addSubnet(network, prefix, family);
  return list;
}

/** True for a literal address that is neither private, loopback, link-local, multicast nor otherwise special. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !PRIVATE_IPV4.check(address, 'ipv4');
  if (family !== 6) return false;
  const groups = groupsOf(address);
  const head = groups.slice(0, 6).join(':');
  // IPv4-mapped (RFC 4291, 2.5.5.2) and NAT64 (RFC 6052): what counts is the IPv4 address inside; a network without IPv4 needs the latter.
  if (head === '0:0:0:0:0:65535' || head === '100:65435:0:0:0:0') return isPublicAddress(embeddedIPv4(groups));
  return (groups[0]! & 0xe000) === 0x2000 && !PRIVATE_IPV6.check(address, 'ipv6');
}

/** The eight 16-bit groups of a valid IPv6 address. */
function groupsOf(address: string): number[] {
  const dotted = address.lastIndexOf('.') >= 0 ? address.slice(address.lastIndexOf(':') + 1) : '';
  const bytes = dotted.split('.').map(Number);
  const hex = dotted === '' ? address : `${address.slice(0, -dotted.length)}${pair(bytes[0]!, bytes[1]!)}:${pair(bytes[2]!, bytes[3]!)}`;
  const [front = '', back] = (hex.split('%')[0] ?? '').split('::');
  const parse = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const before = parse(front);
  const after = parse(back ?? '');
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
}

const pair = (high: number, low: number) => ((high << 8) | low).toString(16);

function embeddedIPv4(groups: readonly number[]): string {
  const [high = 0, low = 0] = groups.slice(6);
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}
