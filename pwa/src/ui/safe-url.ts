/** A longer address is no link. */
const MAX_URL_CHARACTERS = 2048;

/** The address as a browser would open it; null for anything it should not: http and https only (security.md E2). */
export function safeUrl(text: string): string | null {
  if (text.length > MAX_URL_CHARACTERS) return null;
  try {
    const url = new URL(text);
    return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : null;
  } catch {
    return null;
  }
}
