/** Whose connection it is, as far as limits care: one IPv4 address, or one IPv6 /64, which is what a household or a server is given. */
import type { IncomingMessage } from 'node:http';
import { isIP, isIPv4 } from 'node:net';

/**
 * The key under which a connection's limits are counted. With `trustProxy` proxies in front it is the entry that the outermost of
 * them wrote into X-Forwarded-For, counted from the right: entries further left come from the client and prove nothing.
 */
export function addressOf(request: IncomingMessage, trustProxy: number): string {
  const peer = addressKey(request.socket.remoteAddress ?? '');
  if (trustProxy === 0) return peer;
  const hops = String(request.headers['x-forwarded-for'] ?? '').split(',');
  const claimed = hops.at(-trustProxy)?.trim() ?? '';
  return isIP(claimed) === 0 ? peer : addressKey(claimed);
}

/** IPv4 as it is (also when mapped into IPv6), IPv6 as the first 64 bits. */
export function addressKey(address: string): string {
  const plain = address.replace(/%.*$/, '').toLowerCase();
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain)?.[1];
  if (mapped !== undefined) return mapped;
  if (isIPv4(plain) || !plain.includes(':')) return plain;
  if (plain === '::1') return plain; // this machine, not a network
  const [head = '', tail] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length - (plain.includes('.') ? 1 : 0));
  const groups = [...left, ...Array<string>(gap).fill('0'), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}

/** Whether an address, or the name `localhost`, is this machine itself. */
export function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^(::ffff:)?127\./.test(address);
}
