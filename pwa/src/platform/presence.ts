/** Whether somebody looks, and whether this device has a network. */
export interface Presence {
  visible(): boolean;
  /** What the browser believes: `false` is certain, `true` only means that some interface is up. */
  online(): boolean;
  /** Called after each change of either; returns how to stop. */
  onChange(listener: () => void): () => void;
}

export function browserPresence(): Presence {
  return {
    visible: () => document.visibilityState === 'visible',
    online: () => navigator.onLine,
    onChange(listener) {
      // `pageshow` also comes when a page is taken out of the back-forward cache, with its sockets dead.
      const stop = new AbortController();
      const options = { signal: stop.signal };
      document.addEventListener('visibilitychange', listener, options);
      for (const type of ['pageshow', 'online', 'offline']) window.addEventListener(type, listener, options);
      return () => stop.abort();
    },
  };
}
