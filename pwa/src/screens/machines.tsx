import type { Machine } from '@afield/shared/api/machines.ts';
import { useModel } from '@preact/signals';
import { everyQuarterMinute } from '../models/clock.ts';
import { MachinesModel } from '../models/machines.ts';
import { AskingHome } from '../ui/asking-home.tsx';
import { Command } from '../ui/command.tsx';
import { FaultLine } from '../ui/fault-line.tsx';
import { Icon } from '../ui/icons.tsx';
import { downSince, machineCommand, machineState, survival } from '../ui/machine-words.ts';
import { Mark } from '../ui/mark.tsx';
import { Page } from '../ui/page.tsx';
import { printable } from '../ui/printable.ts';
import { useHome } from './app-context.ts';
import { HomeTabs } from './home-tabs.tsx';
import { ADD_MACHINE, machinePath, SETTINGS } from './paths.ts';

/** Where sessions can run. */
export function MachinesScreen() {
  const { home, link } = useHome();
  const model = useModel(() => new MachinesModel(link));
  const machines = model.machines.value;
  const open = home.open.value;
  return (
    <Page title="Machines" back={{ href: SETTINGS, label: 'More' }} class="stack" after={<HomeTabs />}>
      <FaultLine text={open ? model.error.value : null} onAgain={() => model.load()} />
      {machines === null && (model.error.value === null || !open) && <AskingHome open={open} />}
      {machines !== null && (
        <ul class="rows">
          {machines.map((machine) => (
            <li key={machine.name}>
              <MachineRow machine={machine} />
            </li>
          ))}
        </ul>
      )}
      <p>
        <a class="act" href={ADD_MACHINE}>
          <Icon name="plus" small />
          Add a machine
        </a>
      </p>
      <p class="small dim">
        A machine is reached from home: by ssh, or by a command such as <code>docker exec</code>. Nothing has to be installed there but the
        agents, and tmux so that sessions survive.
      </p>
    </Page>
  );
}

function MachineRow({ machine }: { machine: Machine }) {
  const { word, mark } = machineState(machine);
  const command = machineCommand(machine);
  return (
    <a class="setrow" href={machinePath(machine.name)}>
      <Mark status={mark} />
      <span class="main">
        <b>{printable(machine.name)}</b>
        <span class="meta">{command === null ? 'the home server itself' : <Command text={command} />}</span>
        <span class="meta">
          {word} {downSince(machine, everyQuarterMinute.value)} · {survival(machine)}
        </span>
        {machine.line.state === 'down' && machine.line.detail !== null && <span class="meta why">{printable(machine.line.detail)}</span>}
      </span>
      <Icon name="forward" small />
    </a>
  );
}
