import { useLocation } from 'preact-iso';
import { Tabs } from '../ui/tabs.tsx';
import { useApp } from './app-context.ts';
import { HOME, NEW, SETTINGS } from './paths.ts';

/** The tabs of the home level; on a wide screen the list stands there all the time and holds the ways. */
export function HomeTabs() {
  const app = useApp();
  const { path } = useLocation();
  const home = app.home.value;
  if (app.wide.value) return null;
  const waiting = home === null ? 0 : home.groups.value.needs.length;
  return (
    <Tabs
      current={path}
      tabs={[
        { href: HOME, icon: 'home', label: 'Home', badge: waiting },
        { href: NEW, icon: 'plus', label: 'New', main: true },
        { href: SETTINGS, icon: 'menu', label: 'More' },
      ]}
    />
  );
}
