/** How this browser puts a page on the home screen. `prompt`: it can be asked to. `none`: it already runs from there, or cannot. */
export type InstallWay = 'prompt' | 'ios' | 'android' | 'desktop' | 'none';

/** Chromium's event; in no standard. */
interface BeforeInstallPrompt extends Event {
  prompt(): Promise<{ outcome: 'accepted' | 'dismissed' }>;
}

export interface Installer {
  way(): InstallWay;
  onChange(listener: () => void): () => void;
  /** True when the person agreed. */
  install(): Promise<boolean>;
}

function isStandalone(): boolean {
  return matchMedia('(display-mode: standalone)').matches || (navigator as Navigator & { standalone?: boolean }).standalone === true;
}

/** iPads call themselves Macs, but no Mac has a touch screen. */
function isIos(): boolean {
  return /iP(hone|ad|od)/.test(navigator.userAgent) || (/Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1);
}

export function browserInstaller(): Installer {
  let offered: BeforeInstallPrompt | null = null;
  const listeners = new Set<() => void>();
  const tell = () => {
    for (const listener of listeners) listener();
  };
  window.addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault();
    offered = event as BeforeInstallPrompt;
    tell();
  });
  window.addEventListener('appinstalled', () => {
    offered = null;
    tell();
  });
  return {
    way() {
      if (isStandalone()) return 'none';
      if (offered !== null) return 'prompt';
      if (isIos()) return 'ios';
      if (/Android/.test(navigator.userAgent)) return 'android';
      return 'desktop';
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async install() {
      const event = offered;
      if (event === null) return false;
      offered = null;
      const { outcome } = await event.prompt();
      tell();
      return outcome === 'accepted';
    },
  };
}
