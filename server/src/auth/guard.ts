/**
 * What is looked at before anybody is asked who they are: is this request meant for us, and does it come from a page of ours?
 * Every web page in the user's browser can send requests to loopback, and by DNS rebinding under a name of its own.
 */
import { isIP } from 'node:net';
import { AfieldError } from '@afield/shared/errors.ts';

export interface GuardRules {
  /** Names and literal addresses that a Host header may have, lower-case, IPv6 in brackets; without port. */
  hosts: ReadonlySet<string>;
  /** Scheme, name and port of pages that may call. */
  origins: ReadonlySet<string>;
}

export interface GuardedRequest {
  /** As in `IncomingMessage`: the request target of the request line. */
  url?: string | undefined;
  /** Name, value, name, value …, doubled ones too. */
  rawHeaders: readonly string[];
}

const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9][a-z0-9._-]{0,254})(?::\d{1,5})?$/;
/** Names under which people try to send a token. */
const TOKEN_PARAMETERS = new Set([
  'token',
  'access_token',
  'auth_token',
  'api_key',
  'apikey',
  'key',
  'bearer',
  'authorization',
  'auth',
  'jwt',
]);

const headerValues = (rawHeaders: readonly string[], name: string) =>
  rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name);

/**
 * In this order: one Host and one of ours, an Origin of ours if there is one, not cross-site, no token in the URL. Throws `bad_host`,
 * `origin_refused`, `bad_request`, `token_in_url`. `navigation`: a page may be opened from another site's link, an API call may not.
 */
export function inspect(request: GuardedRequest, rules: GuardRules, { navigation }: { navigation: boolean }): void {
  const url = request.url ?? '';
  if (!url.startsWith('/') || url.startsWith('//'))
    throw new AfieldError('bad_request', 'The request line must name a path, not a whole address.');
  inspectHost(headerValues(request.rawHeaders, 'host'), rules);
  inspectOrigin(headerValues(request.rawHeaders, 'origin'), rules);
  if (headerValues(request.rawHeaders, 'sec-fetch-site').includes('cross-site') && !(navigation && isNavigation(request.rawHeaders))) {
    throw new AfieldError('origin_refused', 'A page of another site may not call this server.');
  }
  refuseTokenInUrl(url);
}

function inspectHost(given: readonly string[], { hosts }: GuardRules): void {
  const host = given[0]?.toLowerCase();
  if (given.length !== 1 || host === undefined) throw new AfieldError('bad_host', 'Exactly one Host header is needed.');
  const name = HOST.exec(host)?.[1];
  if (name === undefined) throw new AfieldError('bad_host', 'The Host header is no name or address.');
  if (hosts.has(name)) return;
  throw new AfieldError('origin_refused', `"${name}" is no name of this server. To let it be one, add it to allowed_hosts in config.yaml.`);
}

function inspectOrigin(given: readonly string[], { origins }: GuardRules): void {
  for (const origin of given) {
    if (origins.has(origin)) continue;
    const shown = origin.replace(/[^\x21-\x7e]/g, '?').slice(0, 200);
    throw new AfieldError(
      'origin_refused',
      `Pages of "${shown}" may not call this server. To let them, add it to allowed_origins in config.yaml.`,
    );
  }
}

const isNavigation = (rawHeaders: readonly string[]) =>
  headerValues(rawHeaders, 'sec-fetch-mode').includes('navigate') && headerValues(rawHeaders, 'sec-fetch-dest').includes('document');

function refuseTokenInUrl(url: string): void {
  const cut = url.indexOf('?');
  if (cut < 0) return;
  for (const name of new URLSearchParams(url.slice(cut + 1)).keys()) {
    if (!TOKEN_PARAMETERS.has(name.toLowerCase())) continue;
    throw new AfieldError(
      'token_in_url',
      'Addresses end up in logs. Send the token as "Authorization: Bearer …"; if it was real, replace it.',
    );
  }
}

/** True for an address that only this machine can reach. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '');
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'));
}

const bracketed = (host: string) => (isIP(host) === 6 ? `[${host}]` : host).toLowerCase();

/** Rules for a server that listens on `host` and `port`. `own`: literal addresses of this machine, when it listens on all of them. */
export function guardRules(given: {
  host: string;
  port: number;
  own: readonly string[];
  allowed_hosts: readonly string[];
  allowed_origins: readonly string[];
}): GuardRules {
  const everywhere = given.host === '0.0.0.0' || given.host === '::';
  const listening = everywhere ? given.own : [given.host];
  const own = ['localhost', '127.0.0.1', '[::1]', ...listening.map(bracketed)];
  return {
    hosts: new Set([...own, ...given.allowed_hosts.map(bracketed)]),
    origins: new Set([...own.map((host) => new URL(`http://${host}:${given.port}`).origin), ...given.allowed_origins]),
  };
}
