/** The service worker that waits to take over, page side. */
export interface Updates {
  /** Called when a new version is there and waits for a word. */
  onWaiting(listener: () => void): () => void;
  /** Lets it take over; the page loads again. */
  apply(): void;
}

/** How often a page that stays open asks for a new version, in ms. */
const CHECK_EVERY_MS = 60 * 60 * 1000;

/** Registers `/sw.js`. Without a secure context or in development there is none, and nothing ever waits. */
export function browserUpdates(enabled: boolean): Updates {
  const listeners = new Set<() => void>();
  let waiting: ServiceWorker | null = null;
  let reloading = false;

  const offer = (worker: ServiceWorker | null) => {
    if (worker === null) return;
    waiting = worker;
    for (const listener of listeners) listener();
  };

  if (enabled && 'serviceWorker' in navigator) {
    void register(offer);
    navigator.serviceWorker.addEventListener('controllerchange', () => {
      if (waiting === null || reloading) return; // the first install takes the page over too: nothing to reload for
      reloading = true;
      window.location.reload();
    });
  }

  return {
    onWaiting(listener) {
      listeners.add(listener);
      if (waiting !== null) listener();
      return () => listeners.delete(listener);
    },
    apply: () => waiting?.postMessage({ type: 'SKIP_WAITING' }),
  };
}

async function register(offer: (worker: ServiceWorker | null) => void): Promise<void> {
  try {
    const registration = await navigator.serviceWorker.register('/sw.js', { scope: '/' });
    if (navigator.serviceWorker.controller !== null) offer(registration.waiting);
    registration.addEventListener('updatefound', () => {
      const worker = registration.installing;
      worker?.addEventListener('statechange', () => {
        if (worker.state === 'installed' && navigator.serviceWorker.controller !== null) offer(worker);
      });
    });
    const check = () => {
      void registration.update().catch(() => undefined); // no network now: the next check comes
    };
    setInterval(check, CHECK_EVERY_MS);
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') check();
    });
  } catch {
    // private windows and old browsers refuse service workers: the app works, only not offline
  }
}
