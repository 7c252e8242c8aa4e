/**
 * What the page may load and do; everything else is refused. `connect-src` names no host, because the relay's address comes with
 * the pairing link. Styles may stand in the page: the terminal writes its colours and cell sizes that way, and no text of an agent
 * ever becomes markup. `blob:` workers: the QR reader's, on browsers without one of their own.
 */
const DIRECTIVES: Record<string, string> = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self' 'unsafe-inline'",
  'img-src': "'self' data: blob:",
  'media-src': "'self' blob:",
  'connect-src': "'self' ws: wss:",
  'manifest-src': "'self'",
  'worker-src': "'self' blob:",
  'base-uri': "'none'",
  'form-action': "'none'",
  'require-trusted-types-for': "'script'",
  'trusted-types': 'default',
};

export const CONTENT_SECURITY_POLICY = Object.entries(DIRECTIVES)
  .map(([name, value]) => `${name} ${value}`)
  .join('; ');
