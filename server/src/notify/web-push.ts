/** Web Push: sealed for one browser (RFC 8291), signed by this home (RFC 8292), handed to the browser's push service (RFC 8030). */
import { createHash, ECDH } from 'node:crypto';
import type { LookupFunction } from 'node:net';
import type { PushMessage, PushSubscriptionBody } from '@afield/shared/api/push.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Clock } from '../core/ports.ts';
import type { PushRow } from '../core/push.ts';
import type { Endpoint, EndpointCheck } from './endpoint.ts';
import { type Answer, post } from './post.ts';
import type { VapidKeys } from './vapid.ts';

/** Loaded with the first message: a home server that nobody is told of anything starts without it. */
const library = async () => (await import('web-push')).default;
type Library = Awaited<ReturnType<typeof library>>;

/** How long a push service keeps a message for a phone that is off. A day: older news is in the app. */
const TTL_S = 24 * 60 * 60;
/** A test is answered while somebody looks, or not at all. */
const TEST_TTL_S = 60;
/** Payloads have one of few lengths, so that sizes tell a push service nothing. Well below the 4 KiB every service takes (RFC 8030, 7.2). */
const PAD_BYTES = 1024;
/** Tokens live 12 h; Apple asks not to make a new one more often than hourly. */
const TOKEN_REUSE_MS = 60 * 60 * 1000;
/** Of an answer's own words, in `last_error`. */
const MAX_REASON_CHARS = 120;

/**
 * What became of one attempt. `gone`: the subscription is dead for good. `later`: try again, after `afterMs` when the service
 * names a time. `refused`: would fail alike.
 */
export type Outcome =
  | { kind: 'taken' }
  | { kind: 'gone'; detail: string }
  | { kind: 'later'; detail: string; afterMs: number | null }
  | { kind: 'refused'; detail: string };

export interface Sender {
  /** One attempt; never rejects. */
  send(row: PushRow, message: PushMessage): Promise<Outcome>;
  /** Cuts off what is under way. */
  close(): void;
}

export interface SenderDeps {
  clock: Clock;
  keys: VapidKeys;
  subject: string;
  check: EndpointCheck;
  /** Where names are resolved; default: the system, public addresses only. */
  lookup?: LookupFunction;
}

export function createSender({ clock, keys, subject, check, lookup }: SenderDeps): Sender {
  const end = new AbortController();
  const tokens = new Map<string, { header: string; madeAt: number }>();

  const authorization = (webpush: Library, origin: string): string => {
    const now = clock.monotonic();
    const known = tokens.get(origin);
    if (known !== undefined && now - known.madeAt < TOKEN_REUSE_MS) return known.header;
    // One entry an origin of the allow-list; cleared all the same, since anyone may invent names below `.push.apple.com`.
    if (tokens.size >= 64) tokens.clear();
    const header = webpush.getVapidHeaders(origin, subject, keys.publicKey, keys.privateKey, 'aes128gcm').Authorization;
    tokens.set(origin, { header, madeAt: now });
    return header;
  };

  return {
    async send(row, message) {
      let endpoint: Endpoint;
      let sealed: { headers: Record<string, string>; body: Buffer };
      try {
        const webpush = await library();
        endpoint = check(row.endpoint);
        sealed = seal(webpush, row, message, authorization(webpush, endpoint.url.origin));
      } catch (cause) {
        return { kind: 'refused', detail: cause instanceof Error ? cause.message : 'The message could not be sealed.' };
      }
      try {
        const answer = await post(endpoint, { ...sealed, signal: end.signal, ...(lookup ? { lookup } : {}) });
        return outcome(answer, endpoint.url.hostname, clock.now());
      } catch (cause) {
        return { kind: 'later', detail: cause instanceof Error ? cause.message : 'The push service could not be reached', afterMs: null };
      }
    },
    close: () => end.abort(),
  };
}

function seal(
  webpush: Library,
  row: PushRow,
  message: PushMessage,
  authorization: string,
): { headers: Record<string, string>; body: Buffer } {
  return {
    headers: {
      Authorization: authorization,
      'Content-Encoding': 'aes128gcm',
      'Content-Type': 'application/octet-stream',
      TTL: String(message.kind === 'test' ? TEST_TTL_S : TTL_S),
      // Each is shown at once and asked for by its reader, which is what `high` is for (RFC 8030, 5.3).
      Urgency: 'high',
      Topic: topic(message.tag),
    },
    body: webpush.encrypt(row.p256dh, row.auth, padded(message), 'aes128gcm').cipherText,
  };
}

/** Trailing blanks are nothing to JSON. */
function padded(message: PushMessage): string {
  const text = JSON.stringify(message);
  const bytes = Buffer.byteLength(text);
  return text + ' '.repeat(Math.ceil(bytes / PAD_BYTES) * PAD_BYTES - bytes);
}

/** A newer message of the same tag replaces one that still waits (RFC 8030, 5.4: at most 32 characters). Hashed: it says nothing. */
function topic(tag: string): string {
  return createHash('sha256').update(tag).digest('base64url').slice(0, 32);
}

function outcome({ status, retryAfter, text }: Answer, host: string, now: number): Outcome {
  if (status >= 200 && status < 300) return { kind: 'taken' };
  const said = `${host} answered ${status}${reason(text)}`;
  if (status === 404 || status === 410) {
    return { kind: 'gone', detail: `${said}: it no longer knows this device. Open Afield on the device to subscribe again.` };
  }
  if (status === 429 || status >= 500) return { kind: 'later', detail: said, afterMs: retryAfterMs(retryAfter, now) };
  if (status === 401 || status === 403) {
    return {
      kind: 'refused',
      detail:
        `${said}: it does not accept this home server's signature. Check the clock of the home server and push_subject in the config file; ` +
        'if both are right, turn notifications off and on again on the device.',
    };
  }
  if (status >= 300 && status < 400) return { kind: 'refused', detail: `${said}: redirects are not followed.` };
  return { kind: 'refused', detail: `${said}. Turn notifications off and on again on the device.` };
}

/** The service's own words, made harmless: they are shown to a person. */
function reason(text: string): string {
  const line = text
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, MAX_REASON_CHARS);
  return line === '' || line.startsWith('<') ? '' : ` (${line})`;
}

/** Seconds or a date (RFC 9110, 10.2.3). */
function retryAfterMs(header: string | null, now: number): number | null {
  if (header === null) return null;
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}

/** Throws `push_refused` when the browser's key is no point of the curve: every message to it would fail. */
export function checkSubscriptionKeys({ keys }: PushSubscriptionBody): void {
  try {
    ECDH.convertKey(keys.p256dh, 'prime256v1', 'base64url');
  } catch (cause) {
    throw new AfieldError('push_refused', 'The key of this subscription is not valid. Turn notifications off and on again on the device.', {
      cause,
    });
  }
}
