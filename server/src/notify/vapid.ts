/** How this home server names itself to push services (RFC 8292). */
import { createECDH } from 'node:crypto';
import { isIP } from 'node:net';
import { AfieldError } from '@afield/shared/errors.ts';

export interface VapidKeys {
  /** Uncompressed P-256 point, base64url: what the page subscribes with. */
  publicKey: string;
  /** 32 bytes, base64url. */
  privateKey: string;
}

/** Files that hold a secret, 0600; handed over by the composition root. */
export interface SecretFiles {
  /** The text, or null when there is no such file. Throws `unavailable` with the fix when others may read or change it. */
  read(path: string): string | null;
  /** Writes a new file whole; returns what stands in it afterwards, which is somebody else's text when they were first. */
  create(path: string, text: string): string;
}

/**
 * Reads the keys, or makes them when the file is missing: `made` is true then, and every older subscription is worthless.
 * Throws `unavailable` with the fix when the file does not hold a key pair.
 */
export function loadVapidKeys(path: string, files: SecretFiles): { keys: VapidKeys; made: boolean } {
  const found = files.read(path);
  const keys = parseKeys(found ?? files.create(path, freshKeys()));
  if (keys !== null) return { keys, made: found === null };
  throw new AfieldError(
    'unavailable',
    `${path} does not hold a key pair. Put it back from a backup; or delete it, and each device asks for notifications anew.`,
  );
}

function freshKeys(): string {
  const pair = createECDH('prime256v1');
  const publicKey = pair.generateKeys('base64url');
  // Without the zeros that a number may begin with, one in 256 keys would be too short.
  const privateKey = Buffer.concat([Buffer.alloc(32), pair.getPrivateKey()])
    .subarray(-32)
    .toString('base64url');
  return `${JSON.stringify({ public_key: publicKey, private_key: privateKey })}\n`;
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
 * The contact in every token (RFC 8292, section 2.1): `push_subject`, else the page's origin when the public can resolve it, else a
 * fallback. Throws `bad_request` when `push_subject` is something that push services refuse.
 */
export function vapidSubject(configured: string | null, pwaUrl: string | null): VapidSubject {
  if (configured !== null) {
    if (isSubject(configured)) return { subject: configured, source: 'config' };
    throw new AfieldError(
      'bad_request',
      `push_subject: "${configured.slice(0, 200)}" will not do. Write mailto:you@your-domain or https://your-domain, with a domain that the public can resolve.`,
    );
  }
  const page = pwaUrl === null ? null : new URL(pwaUrl).origin;
  if (page?.startsWith('https:') && isSubject(page)) return { subject: page, source: 'pwa' };
  return { subject: FALLBACK_SUBJECT, source: 'fallback' };
}

function isSubject(text: string): boolean {
  if (!URL.canParse(text) || /[\s<>]/.test(text)) return false;
  const url = new URL(text);
  const mail = /^mailto:[^@,?]+@([^@,?]+)$/i.exec(text);
  const host = (url.protocol === 'https:' ? url.hostname : (mail?.[1] ?? '')).toLowerCase();
  return host.includes('.') && isIP(host) === 0 && !host.startsWith('[') && !INSIDE.test(host);
}
