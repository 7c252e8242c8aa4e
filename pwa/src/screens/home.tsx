import type { Agent } from '@afield/shared/api/agents.ts';
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { everyQuarterMinute } from '../models/clock.ts';
import { Mark } from '../ui/mark.tsx';
import { Page, Section, Slab, useTitle } from '../ui/page.tsx';
import { printable } from '../ui/printable.ts';
import { AgentFacts } from './agent-facts.tsx';
import { CutMachines } from './alarms.tsx';
import { useApp, useHome } from './app-context.ts';
import { bandWords, HomeBand, HomeBanner, HomeLists, overlapsBand } from './home-list.tsx';
import { HomeTabs } from './home-tabs.tsx';
import { InstallHint } from './install-hint.tsx';
import { NEW } from './paths.ts';

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
          {empty && <EmptyCard />}
          {empty && <EmptyHelp />}
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
  return (
    <Page title={empty ? 'Start the first session' : 'Pick a session'}>
      <Spoken />
      <div class="stack wide-home">
        {empty ? <EmptyCard titled={false} /> : <p class="dim">Its terminal, log and facts show here, beside the list.</p>}
        {empty && <EmptyHelp />}
        <InstallHint />
      </div>
    </Page>
  );
}

function EmptyCard({ titled = true }: { titled?: boolean }) {
  return (
    <section class="panel empty" aria-label="Start the first session">
      {titled && <h2>Start the first session</h2>}
      <p>Pick a project, say what you want, and put the phone away. It calls you when something needs you.</p>
      <a class="btn btn-main btn-wide" href={NEW}>
        New session
      </a>
    </section>
  );
}

function EmptyHelp() {
  const { link } = useHome();
  const agents = useSignal<Agent[]>([]);
  useEffect(() => {
    link.call('listAgents').then(
      (answer) => {
        agents.value = answer.items;
      },
      () => undefined, // no link now: the list is a courtesy, New session says more
    );
  }, [link]);
  return (
    <>
      <Section id="h-desk" title="Already running one at the desk?">
        <div class="panel stack">
          <p class="small dim">
            Put <code>afield run</code> in front of what you type. The session then shows here and stays when you leave.
          </p>
          <Slab label="Command to type at the desk" prompt>
            afield run claude "add a health check"
          </Slab>
        </div>
      </Section>
      {agents.value.length > 0 && (
        <Section id="h-agents" title="Found on your machine">
          <ul class="rows">
            {agents.value.map((agent) => (
              <li key={agent.name} class="setrow">
                <Mark status={agent.installed ? 'finished' : 'idle'} />
                <span class="main">
                  <b>{printable(agent.name)}</b> {agent.version === null ? '' : printable(agent.version)}
                  <AgentFacts agent={agent} />
                </span>
              </li>
            ))}
          </ul>
        </Section>
      )}
    </>
  );
}
