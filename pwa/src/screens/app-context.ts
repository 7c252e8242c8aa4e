import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { App } from '../models/app.ts';
import type { Home } from '../models/home.ts';
import type { HomeLink } from '../models/home-link.ts';

/** The app's models, for every screen below. */
export const AppContext = createContext<App | null>(null);

export function useApp(): App {
  const app = useContext(AppContext);
  if (app === null) throw new Error('A screen is drawn outside of the app.');
  return app;
}

/** The paired home. Only below a screen that is shown when there is one (`needsHome` in the list). */
export function useHome(): { home: Home; link: HomeLink } {
  const app = useApp();
  const home = app.home.value;
  const link = app.link.value;
  if (home === null || link === null) throw new Error('This screen needs a paired home.');
  return { home, link };
}
