import { Icon, type IconName } from './icons.tsx';

export interface Tab {
  href: string;
  icon: IconName;
  label: string;
  /** How many things there need their person. */
  badge?: number;
  /** The one filled tab. */
  main?: boolean;
}

/** The bar at the bottom of the home level. */
export function Tabs({ tabs, current }: { tabs: readonly Tab[]; current: string }) {
  return (
    <nav class="tabs" aria-label="Main">
      {tabs.map((tab) => (
        <a
          key={tab.href}
          class={tab.main ? 'new' : ''}
          href={tab.href}
          {...(tab.href === current ? { 'aria-current': 'page' as const } : {})}
        >
          <Icon name={tab.icon} />
          {tab.label}
          {tab.badge !== undefined && tab.badge > 0 && (
            <span class="badge">
              {tab.badge}
              <span class="vh">{tab.badge === 1 ? ' needs you' : ' need you'}</span>
            </span>
          )}
        </a>
      ))}
    </nav>
  );
}

export interface DockItem {
  href: string;
  label: string;
  current: boolean;
}

/** The bar at the bottom of a session: its faces. One that is missing is left out, not greyed. */
export function Dock({ items }: { items: readonly DockItem[] }) {
  return (
    <nav class="dock" aria-label="Session">
      {items.map((item) => (
        <a key={item.href} href={item.href} {...(item.current ? { 'aria-current': 'page' as const } : {})}>
          {item.label}
        </a>
      ))}
    </nav>
  );
}
