import { AfieldError } from '../errors.ts';

/** Characters of base64url (RFC 4648 section 5), without padding. */
const ALPHABET = /^[A-Za-z0-9_-]*$/;
/** `String.fromCharCode` takes its bytes as arguments, of which engines allow a limited number. */
const CHUNK = 8192;

export function toBase64url(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += CHUNK) binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Throws `bad_request` on padding, foreign characters, an impossible length or stray bits at the end: one text, one meaning. */
export function fromBase64url(text: string): Uint8Array {
  if (!ALPHABET.test(text) || text.length % 4 === 1) throw new AfieldError('bad_request', 'This is not base64url.');
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));
  if (toBase64url(bytes.subarray(bytes.length - (bytes.length % 3))) !== text.slice(text.length - (text.length % 4))) {
    throw new AfieldError('bad_request', 'This base64url has stray bits at its end.');
  }
  return bytes;
}
