import { useLocation } from 'preact-iso';
import { Tabs } from '../ui/tabs.tsx';
import { useApp } from './app-context.ts';
import { needCount } from './home-list.tsx';
import { ADD_MACHINE, ARCHIVE, HOME, MACHINES, NEW, PROJECTS, RULES, SEARCH, SETTINGS, USAGE } from './paths.ts';

/** The tab under which a screen is found. */
function tabOf(path: string): string {
  if ([MACHINES, ADD_MACHINE, PROJECTS, ARCHIVE, USAGE, RULES].some((under) => path === under || path.startsWith(`${under}/`)))
    return SETTINGS;
  return path === SEARCH ? HOME : path;
}

/** The tabs of the home level; on a wide screen the list stands there all the time and holds the ways. */
export function HomeTabs() {
  const app = useApp();
  const { path } = useLocation();
  const home = app.home.value;
  if (app.wide.value) return null;
  const waiting = home === null ? 0 : needCount(home);
  return (
    <Tabs
      current={tabOf(path)}
      tabs={[
        { href: HOME, icon: 'home', label: 'Home', badge: waiting },
        { href: NEW, icon: 'plus', label: 'New', main: true },
        { href: SETTINGS, icon: 'menu', label: 'More' },
      ]}
    />
  );
}
