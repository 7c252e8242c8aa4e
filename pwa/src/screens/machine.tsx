import { LOCAL_MACHINE } from '@afield/shared/api/base.ts';
import type { Machine } from '@afield/shared/api/machines.ts';
import type { Check } from '@afield/shared/api/system.ts';
import { useModel } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useLocation, useRoute } from 'preact-iso';
import { everyQuarterMinute } from '../models/clock.ts';
import { type Checked, type Machines, MachinesModel } from '../models/machines.ts';
import { AskingHome } from '../ui/asking-home.tsx';
import { Banner } from '../ui/banner.tsx';
import { Command } from '../ui/command.tsx';
import { Confirm } from '../ui/dialog.tsx';
import { Facts } from '../ui/facts.tsx';
import { FaultLine } from '../ui/fault-line.tsx';
import { Icon, type IconName } from '../ui/icons.tsx';
import { downSince, machineCommand, machineState, survival } from '../ui/machine-words.ts';
import { Mark, StatusWord } from '../ui/mark.tsx';
import { Page, Section } from '../ui/page.tsx';
import { exact, printable } from '../ui/printable.ts';
import { lastSeen } from '../ui/time.ts';
import { Adoption } from './adopt.tsx';
import { AgentFacts } from './agent-facts.tsx';
import { useHome } from './app-context.ts';
import { HomeTabs } from './home-tabs.tsx';
import { MACHINES } from './paths.ts';

/** One machine: how it stands, what is missing there, programs to adopt. */
export function MachineScreen() {
  const { params } = useRoute();
  const name = params.name ?? '';
  const { home, link } = useHome();
  const model = useModel(() => new MachinesModel(link));
  const [asking, setAsking] = useState(false);
  const location = useLocation();
  const machine = model.machines.value?.find((one) => one.name === name);
  const open = home.open.value;
  const known = machine !== undefined;
  // Looked at by itself once: whoever opens this wants to know.
  useEffect(() => {
    if (known && open && model.checked.peek().get(name) === undefined) void model.check(name);
  }, [known, open, name]);
  return (
    <Page title={printable(name)} back={{ href: MACHINES, label: 'Machines' }} class="stack" after={<HomeTabs />}>
      {machine === undefined && <Unknown model={model} open={open} />}
      {machine !== undefined && (
        <>
          <Standing machine={machine} />
          <Findings name={name} model={model} open={open} />
          <Adoption machine={name} open={open} />
          {name !== LOCAL_MACHINE && (
            <p>
              <button type="button" class="btn btn-deny" disabled={!open} onClick={() => setAsking(true)}>
                <Icon name="bin" small />
                Remove this machine
              </button>
            </p>
          )}
        </>
      )}
      {asking && (
        <Confirm
          title={`Remove “${printable(name)}”?`}
          confirm="Remove it"
          danger
          busy={model.removing.busy.value}
          error={model.removing.failure.value === null ? null : printable(model.removing.failure.value.text)}
          onClose={() => {
            model.removing.clear();
            setAsking(false);
          }}
          onConfirm={() => void model.remove(name).then((done) => done && location.route(MACHINES))}
        >
          Home forgets how to reach it, and its confirmed key. Nothing is changed on the machine. Ended sessions keep their history.
        </Confirm>
      )}
    </Page>
  );
}

function Unknown({ model, open }: { model: Machines; open: boolean }) {
  const gone = model.machines.value !== null;
  if (!gone) return <AskingHome open={open} error={model.error.value} />;
  return (
    <p class="dim" role="status">
      There is no such machine: it may have been removed.
    </p>
  );
}

const KINDS: Record<Machine['kind'], string> = { local: 'the home server itself', ssh: 'over ssh', prefix: 'by a command' };

function Standing({ machine }: { machine: Machine }) {
  const { word, mark } = machineState(machine);
  const now = everyQuarterMinute.value;
  const { line, ssh } = machine;
  const command = machineCommand(machine);
  const rows: (readonly [string, ComponentChildren] | null)[] = [
    ['Line', <StatusWord key="line" status={mark} word={word} />],
    line.since === null ? null : ['Since', lastSeen(Date.parse(line.since), now)],
    ['Reached', KINDS[machine.kind]],
    command === null ? null : ['Command', <Command key="command" text={command} />],
    ssh === null ? null : ['Key', ssh.identity_file === null ? 'of the ssh agent' : <code key="key">{exact(ssh.identity_file)}</code>],
    ['Sessions run in', machine.runtime === null ? 'not looked at yet' : printable(machine.runtime)],
    ['If the home server restarts', survival(machine)],
  ];
  return (
    <>
      {line.state === 'down' && (
        <Banner tone="fault" icon="cut" title={`Not reached ${downSince(machine, now)}`.trim()}>
          {line.detail === null ? 'Home tries again by itself.' : printable(line.detail)} Sessions there may go on all the same.
        </Banner>
      )}
      <Facts panel items={rows.filter((row) => row !== null)} />
    </>
  );
}

const LEVELS: Record<Check['level'], { icon: IconName; word: string }> = {
  ok: { icon: 'check', word: 'ok' },
  hint: { icon: 'message', word: 'hint' },
  warning: { icon: 'alert', word: 'warning' },
  fault: { icon: 'close', word: 'fault' },
};
const WORST: readonly Check['level'][] = ['fault', 'warning', 'hint', 'ok'];

function Findings({ name, model, open }: { name: string; model: Machines; open: boolean }) {
  const checked = model.checked.value.get(name);
  const failure = model.checking.failure.value;
  const busy = model.checking.busy.value;
  return (
    <Section
      id="h-check"
      title="What is there"
      note={
        <button type="button" class="act push" disabled={!open || busy} onClick={() => void model.check(name)}>
          {busy ? 'Looking …' : 'Look again'}
        </button>
      }
    >
      <FaultLine text={failure?.text ?? null} />
      {checked === undefined && failure === null && (
        <AskingHome open={open} asking="Looking at tmux, agents and versions there …" away="Home looks when there is a connection." />
      )}
      {checked !== undefined && <Found {...checked} />}
    </Section>
  );
}

function Found({ checks, agents }: Checked) {
  const worstFirst = [...checks].sort((a, b) => WORST.indexOf(a.level) - WORST.indexOf(b.level));
  return (
    <div class="stack">
      <ul class="rows">
        {worstFirst.map((check) => (
          <li key={check.name} class={`setrow finding is-${check.level}`}>
            <Icon name={LEVELS[check.level].icon} />
            <span class="main">
              <b>{printable(check.name)}</b> <span class="level">{LEVELS[check.level].word}</span>
              <span class="meta">{printable(check.detail)}</span>
              {check.fix !== null && (
                <span class="meta fix">To do: {/[.!]$/.test(check.fix) ? printable(check.fix) : <Command text={check.fix} />}</span>
              )}
            </span>
          </li>
        ))}
      </ul>
      {agents.length > 0 && (
        <details class="more">
          <summary>
            Agents: {agents.filter((agent) => agent.installed).length} of {agents.length} installed
          </summary>
          <ul class="rows">
            {agents.map((agent) => (
              <li key={agent.name} class="setrow">
                <Mark status={agent.installed ? 'finished' : 'idle'} />
                <span class="main">
                  <b>{printable(agent.title)}</b> {agent.version !== null && printable(agent.version)}
                  <AgentFacts agent={agent} />
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}
