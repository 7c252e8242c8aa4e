import { useLocation } from 'preact-iso';
import { Icon } from '../ui/icons.tsx';
import { CutMachines } from './alarms.tsx';
import { useHome } from './app-context.ts';
import { HomeBand, HomeBanner, HomeLists, overlapsBand } from './home-list.tsx';
import { NEW, SEARCH, SETTINGS } from './paths.ts';

/** The list beside a session on a wide screen. */
export function SideList() {
  const { path } = useLocation();
  const { home } = useHome();
  const overlapped = overlapsBand(home);
  const current = /^\/sessions\/([^/]+)/.exec(path)?.[1] ?? null;
  return (
    <nav class="side" aria-label="Sessions">
      <HomeBand heading={false} overlapped={overlapped} />
      <div class={overlapped ? 'side-body overlaps' : 'side-body'}>
        <HomeBanner />
        <CutMachines />
        <HomeLists current={current} dense />
        <p class="side-ways">
          <a class="act" href={NEW} {...(path === NEW ? { 'aria-current': 'page' as const } : {})}>
            <Icon name="plus" small />
            New session
          </a>
          <a class="act" href={SEARCH} {...(path === SEARCH ? { 'aria-current': 'page' as const } : {})}>
            <Icon name="search" small />
            Search
          </a>
          <a class="act" href={SETTINGS} {...(path === SETTINGS ? { 'aria-current': 'page' as const } : {})}>
            <Icon name="menu" small />
            More
          </a>
        </p>
      </div>
    </nav>
  );
}
