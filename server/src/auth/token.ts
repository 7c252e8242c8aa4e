import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { AfieldError } from '@afield/shared/errors.ts';
import { createSecretFile, readSecretFile } from './secret-file.ts';

/** 32 random bytes in base64url. */
const TOKEN = /^[A-Za-z0-9_-]{43}$/;
const digest = (text: string) => createHash('sha256').update(text).digest();

export interface TokenFile {
  readonly token: string;
  /** In constant time: digests of equal length are compared, not the texts. */
  matches(given: string): boolean;
}

/** The token that lets the local command line in; made when the file is missing. Errors: `unavailable` as for every secret file. */
export function loadToken(file: string): TokenFile {
  const token = (readSecretFile(file) ?? createSecretFile(file, `${randomBytes(32).toString('base64url')}\n`)).trim();
  if (!TOKEN.test(token)) throw new AfieldError('unavailable', `${file} holds no token. Delete it, and the next start makes a new one.`);
  const expected = digest(token);
  return { token, matches: (given) => timingSafeEqual(digest(given), expected) };
}

/** What stands after `Bearer` (RFC 6750, section 2.1), or null. */
export function bearer(header: string | undefined): string | null {
  return /^Bearer ([A-Za-z0-9._~+/-]{1,4096}=*)$/i.exec(header ?? '')?.[1] ?? null;
}
