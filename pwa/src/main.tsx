import { render } from 'preact';
import { AppRoot } from './app.tsx';
import { AppModel } from './models/app.ts';
import { scanCodes } from './platform/camera.ts';
import { readClipboard, writeClipboard } from './platform/clipboard.ts';
import { createDeviceKey } from './platform/device-key.ts';
import { guessDeviceLabel } from './platform/device-label.ts';
import { onPairingLink, takePairingLink } from './platform/fragment.ts';
import { browserInstaller } from './platform/install.ts';
import { browserPresence } from './platform/presence.ts';
import { browserPush } from './platform/push.ts';
import { shareText } from './platform/share.ts';
import { keepStored, openStore } from './platform/store.ts';
import { applyTheme, readTheme } from './platform/theme.ts';
import { guardScriptSinks } from './platform/trusted-types.ts';
import { browserUpdates } from './platform/updates.ts';
import { watchWide } from './platform/viewport.ts';
import { keepAwake } from './platform/wake-lock.ts';
import { PAIR } from './screens/paths.ts';
import './styles/index.css';
import { span } from './ui/time.ts';
import { fingerprint, openHome, pairingDoor } from './way-home.ts';

guardScriptSinks();
// Before anything else can read the address: the secret leaves it at once.
const pairingLink = takePairingLink();
applyTheme(readTheme());

const app = new AppModel({
  store: openStore(),
  openHome,
  door: pairingDoor,
  fingerprint,
  createKey: createDeviceKey,
  deviceLabel: guessDeviceLabel(navigator.userAgent, navigator.maxTouchPoints),
  presence: browserPresence(),
  installer: browserInstaller(),
  updates: browserUpdates(import.meta.env.PROD),
  push: browserPush(),
  theme: { read: readTheme, apply: applyTheme },
  readClipboard,
  writeClipboard,
  scanCodes,
  shareText,
  keepAwake,
  keepStored,
  span,
});
watchWide((wide) => app.setWide(wide));

if (pairingLink !== null) {
  window.history.replaceState(null, '', PAIR);
  app.pairing.offerLink(pairingLink);
}
onPairingLink((link) => {
  app.pairing.offerLink(link);
  app.go(PAIR);
});

render(<AppRoot app={app} />, document.getElementById('app')!);
void app.start();
