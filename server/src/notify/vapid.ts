/** How this home server names itself to push services (RFC 8292). */
import { createECDH } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import { isIP } from 'node:net';
import { dirname } from 'node:path';
import { AfieldError } from '@afield/shared/errors.ts';
import { generateVAPIDKeys } from 'web-push';

export interface VapidKeys {
  /** Uncompressed P-256 point, base64url: what the page subscribes with. */
  publicKey: string;
  /** 32 bytes, base64url. */
  privateKey: string;
}

/**
 * Reads the keys, or makes them (0600) when the file is missing: `made` is true then, and every older subscription is worthless.
 * Throws `unavailable` with the fix when others may read the file, it belongs to somebody else, or does not hold a key pair.
 */
export function loadVapidKeys(path: string): { keys: VapidKeys; made: boolean } {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return { keys: makeKeys(path), made: true };
  if (process.getuid !== undefined && (found.uid !== process.getuid() || (found.mode & 0o077) !== 0)) {
    throw new AfieldError(
      'unavailable',
      `${path} may be read by others. Make it yours alone: chown $USER "${path}" && chmod 600 "${path}"`,
    );
  }
  const keys = parseKeys(readFileSync(path, 'utf8'));
  if (keys !== null) return { keys, made: false };
  throw new AfieldError(
    'unavailable',
    `${path} does not hold a key pair. Put it back from a backup; or delete it, and each device asks for notifications anew.`,
  );
}

function makeKeys(path: string): VapidKeys {
  const keys = generateVAPIDKeys();
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.new`;
  const file = openSync(draft, 'w', 0o600);
  try {
    writeSync(file, `${JSON.stringify({ public_key: keys.publicKey, private_key: keys.privateKey })}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
  return keys;
}

function parseKeys(text: string): VapidKeys | null {
  try {
    const { public_key: publicKey, private_key: privateKey } = JSON.parse(text) as Record<string, unknown>;
    if (typeof publicKey !== 'string' || typeof privateKey !== 'string') return null;
    const pair = createECDH('prime256v1');
    pair.setPrivateKey(Buffer.from(privateKey, 'base64url'));
    return pair.getPublicKey('base64url') === publicKey ? { publicKey, privateKey } : null;
  } catch {
    // Not JSON, or not a private key: said by the caller, who knows the path.
    return null;
  }
}

export interface VapidSubject {
  subject: string;
  /** Where it comes from: the config file, the page's own origin, or neither. */
  source: 'config' | 'pwa' | 'fallback';
}

/**
 * Neither a subject nor a public page is configured: a well-formed address with a name that resolves, since Apple's service refuses
 * one that does not (localhost, .local) with 403.
 */
const FALLBACK_SUBJECT = 'mailto:afield@example.com';

/** Names that only mean something inside a house (RFC 2606, 6761, 6762, 8375; ICANN's .internal; common home routers). */
const INSIDE = /(^|\.)(localhost|local|localdomain|lan|home|corp|internal|intranet|private|invalid|test|home\.arpa)$/;

/**
 * The contact in every token (RFC 8292, section 2.1): `push.subject`, else the page's origin when the public can resolve it, else a
 * fallback. Throws `bad_request` when `push.subject` is something that push services refuse.
 */
export function vapidSubject(configured: string | null, pwaOrigin: string | null): VapidSubject {
  if (configured !== null) {
    if (isSubject(configured)) return { subject: configured, source: 'config' };
    throw new AfieldError(
      'bad_request',
      `push.subject: "${configured.slice(0, 200)}" will not do. Write mailto:you@your-domain or https://your-domain, with a domain that the public can resolve.`,
    );
  }
  if (pwaOrigin?.startsWith('https:') && isSubject(pwaOrigin)) return { subject: pwaOrigin, source: 'pwa' };
  return { subject: FALLBACK_SUBJECT, source: 'fallback' };
}

function isSubject(text: string): boolean {
  if (!URL.canParse(text) || /[\s<>]/.test(text)) return false;
  const url = new URL(text);
  const mail = /^mailto:[^@,?]+@([^@,?]+)$/i.exec(text);
  const host = (url.protocol === 'https:' ? url.hostname : (mail?.[1] ?? '')).toLowerCase();
  return host.includes('.') && isIP(host) === 0 && !host.startsWith('[') && !INSIDE.test(host);
}
