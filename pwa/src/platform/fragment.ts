/** Fragments of the address are kept for pairing links: a fragment never reaches a web server or its log. */
const PAIR = '#pair=';

/**
 * Takes a pairing link out of the address bar and clears it in the same breath, so that the secret is not in the history, in a
 * screenshot or under the next "share". Returns the whole link, or null when there is none.
 */
export function takePairingLink(): string | null {
  const { hash, pathname, search, origin } = window.location;
  if (!hash.startsWith(PAIR)) return null;
  window.history.replaceState(window.history.state, '', pathname + search);
  return `${origin}/${hash}`;
}

/** Called when a link is opened while the app already runs. */
export function onPairingLink(listener: (link: string) => void): () => void {
  const check = () => {
    const link = takePairingLink();
    if (link !== null) listener(link);
  };
  window.addEventListener('hashchange', check);
  return () => window.removeEventListener('hashchange', check);
}
