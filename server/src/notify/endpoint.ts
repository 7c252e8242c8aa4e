/** Which push services we speak to, and where their names may lead (cases F1, F2). */
import { lookup as resolveName } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { AfieldError } from '@afield/shared/errors.ts';
import { isPublicAddress } from './address.ts';

/** Push services of the browsers; a leading dot stands for any one host below it. */
const SERVICES: readonly string[] = [
  'fcm.googleapis.com', // Chrome and everything built on it
  '.push.services.mozilla.com', // Firefox
  '.push.apple.com', // Safari, iPhone and iPad
  '.notify.windows.com', // Edge
];

export interface Endpoint {
  url: URL;
  /** True when the config file names this origin: the owner answers for its address, so that a push service at home is possible. */
  trusted: boolean;
}

/** Checks endpoints. Throws `push_refused` with the host and what to do. */
export type EndpointCheck = (endpoint: string) => Endpoint;

/**
 * `extra`: further hosts from the config file, `push.example.org[:port]`, or origins, `https://push.example.org`; plain http for this
 * very machine only. Throws `bad_request` when one of them is neither.
 */
export function createEndpointCheck(extra: readonly string[]): EndpointCheck {
  const origins = new Set(extra.map(parseOrigin));
  return (endpoint) => {
    const url = parseUrl(endpoint);
    if (url === null || url.username !== '' || url.password !== '') throw refused('The address of this subscription is not valid');
    if (origins.has(url.origin)) return { url, trusted: true };
    if (url.protocol !== 'https:') throw refused('A push service must be reached by https');
    if (url.port !== '' || !isService(url.hostname)) throw refused(`${url.host.slice(0, 100)} is no push service that this server knows`);
    return { url, trusted: false };
  };
}

function isService(host: string): boolean {
  return SERVICES.some((service) => (service.startsWith('.') ? host.endsWith(service) : host === service));
}

function refused(what: string): AfieldError {
  return new AfieldError('push_refused', `${what}. If it is yours, add its host to push_hosts in the config file.`);
}

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);

function parseOrigin(text: string): string {
  const url = parseUrl(text.includes('://') ? text : `https://${text}`);
  const secure = url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.has(url.hostname));
  if (url !== null && secure && url.href === `${url.origin}/`) return url.origin;
  throw new AfieldError(
    'bad_request',
    `push_hosts: "${text.slice(0, 200)}" is no host. Write it like push.example.org, or https://push.example.org without a path; plain http only for localhost.`,
  );
}

function parseUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

/**
 * Resolves a name for exactly one connection and refuses it when any of its addresses is not public. The socket connects to what
 * was checked, so a name cannot be public here and private a moment later.
 */
export function guardedLookup(resolve: typeof resolveName = resolveName): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      const inside = addresses.find(({ address }) => !isPublicAddress(address));
      if (inside !== undefined || addresses.length === 0) {
        return callback(new Error(`${hostname} leads to an address inside a private network; nothing was sent`), []);
      }
      if (options.all) callback(null, addresses);
      else callback(null, addresses[0]!.address, addresses[0]!.family);
    });
  };
}
