interface TrustedTypesFactory {
  createPolicy(name: 'default', rules: { createScriptURL(url: string): string | null }): unknown;
}

/**
 * The page's policy for Trusted Types (the CSP requires them): no string ever becomes markup or script. The only addresses that may
 * become a script are our own service worker and workers that this page made itself (the QR reader).
 */
export function guardScriptSinks(): void {
  const factory = (window as Window & { trustedTypes?: TrustedTypesFactory }).trustedTypes;
  factory?.createPolicy('default', {
    createScriptURL: (url) => (isOwnWorker(url, window.location.origin) ? url : null),
  });
}

export function isOwnWorker(url: string, origin: string): boolean {
  return url === '/sw.js' || url === `${origin}/sw.js` || url.startsWith(`blob:${origin}/`);
}
