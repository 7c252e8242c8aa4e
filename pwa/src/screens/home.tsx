import { lazy } from 'preact-iso';
import { everyQuarterMinute } from '../models/clock.ts';
import { Page, useTitle } from '../ui/page.tsx';
import { CutMachines } from './alarms.tsx';
import { useApp, useHome } from './app-context.ts';
import { ApprovalCards, bandWords, HomeBand, HomeBanner, HomeLists, overlapsBand } from './home-list.tsx';
import { HomeTabs } from './home-tabs.tsx';
import { InstallHint } from './install-hint.tsx';

const EmptyHome = lazy(() => import('./home-empty.tsx').then((module) => module.EmptyHome));

/** Home: the band, what needs you, what runs, what ended. Beside the list of a wide screen: an invitation to choose. */
export function HomeScreen() {
  const { home } = useHome();
  const app = useApp();
  useTitle('Home');
  const empty = home.listed.value && home.sessions.value.size === 0;
  const overlapped = empty || overlapsBand(home);
  if (app.wide.value) return <WideHome empty={empty} />;
  return (
    <>
      <HomeBand heading overlapped={overlapped} />
      <main id="main">
        <Spoken />
        <div class={overlapped ? 'under-band stack' : 'stack'}>
          <HomeBanner />
          <CutMachines />
          {empty && <EmptyHome />}
          <HomeLists current={null} dense={false} />
          <InstallHint />
        </div>
      </main>
      <HomeTabs />
    </>
  );
}

/** What the band and the pill say, for those who listen; polite, and only when the words change. */
function Spoken() {
  const { home } = useHome();
  const words = bandWords(home, everyQuarterMinute.value);
  return (
    <p class="vh" role="status">
      {home.live.value && `${words.headline}. `}
      {home.pill.value.text.replace(/ \d+ ms$/, '')}
    </p>
  );
}

function WideHome({ empty }: { empty: boolean }) {
  const { home } = useHome();
  const asked = home.live.value && home.approvals.shown.value.length > 0;
  return (
    <Page title={empty ? 'Start the first session' : asked ? 'Needs you' : 'Pick a session'}>
      <Spoken />
      <div class="stack wide-home">
        {asked && <ApprovalCards />}
        {empty ? <EmptyHome titled={false} /> : <p class="dim">Its terminal, log and facts show here, beside the list.</p>}
        <InstallHint />
      </div>
    </Page>
  );
}
