import type { Agent } from '@afield/shared/api/agents.ts';
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { Mark } from '../ui/mark.tsx';
import { Section, Slab } from '../ui/page.tsx';
import { printable } from '../ui/printable.ts';
import { AgentFacts } from './agent-facts.tsx';
import { useHome } from './app-context.ts';
import { NEW } from './paths.ts';

/** A home without sessions: the first step, and what else there is. */
export function EmptyHome({ titled = true }: { titled?: boolean }) {
  return (
    <>
      <EmptyCard titled={titled} />
      <EmptyHelp />
    </>
  );
}

function EmptyCard({ titled }: { titled: boolean }) {
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
