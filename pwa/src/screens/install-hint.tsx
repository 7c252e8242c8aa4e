import type { InstallWay } from '../models/install.ts';
import { Banner } from '../ui/banner.tsx';
import { useApp } from './app-context.ts';

/** How this phone puts the app on its home screen. */
export function installSteps(way: InstallWay): string {
  switch (way) {
    case 'ios':
      return 'In Safari, tap Share, then “Add to Home Screen”. Only from there can it call you when something needs you.';
    case 'android':
      return 'Open the browser’s menu, then “Add to Home screen” or “Install app”.';
    case 'desktop':
      return 'Your browser’s address bar or menu has “Install Afield” where it can.';
    case 'prompt':
      return 'It then opens in a window of its own, also without a connection.';
    case 'none':
      return 'It is on this device’s home screen, or this browser cannot put it there.';
  }
}

/** Shown once, on Home. The settings keep telling. */
export function InstallHint() {
  const { install } = useApp();
  if (!install.hint.value) return null;
  const way = install.way.value;
  return (
    <Banner
      tone="run"
      icon="install"
      title="Keep Afield on your home screen."
      actions={
        <>
          {way === 'prompt' && (
            <button type="button" class="act" onClick={() => void install.install()}>
              Install
            </button>
          )}
          <button type="button" class="act" onClick={() => install.dismiss()}>
            {way === 'prompt' ? 'Not now' : 'Understood'}
          </button>
        </>
      }
    >
      {installSteps(way)}
    </Banner>
  );
}
