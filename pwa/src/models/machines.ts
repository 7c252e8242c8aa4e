import type { Agent } from '@afield/shared/api/agents.ts';
import type { Machine } from '@afield/shared/api/machines.ts';
import type { Check } from '@afield/shared/api/system.ts';
import { createModel, effect, signal } from '@preact/signals';
import { createAction, failureOf } from './action.ts';
import type { HomeLink } from './home-link.ts';
import { inOrder, withMachineEvent } from './machines-list.ts';
import { whileOpen } from './while-open.ts';

export interface Checked {
  checks: Check[];
  agents: Agent[];
}

/** Where sessions can run, and how it stands with each. */
export const MachinesModel = createModel((link: HomeLink) => {
  /** Null until the first answer. */
  const machines = signal<readonly Machine[] | null>(null);
  const error = signal<string | null>(null);
  /** What was found at the last check, by name. */
  const checked = signal<ReadonlyMap<string, Checked>>(new Map());
  const checking = createAction();
  const removing = createAction();

  async function load(): Promise<void> {
    try {
      const { items } = await link.call('listMachines');
      machines.value = inOrder(items);
      error.value = null;
    } catch (cause) {
      error.value = failureOf(cause).text;
    }
  }

  const topics = ['machine.added', 'machine.removed', 'machine.line_changed'];
  const subscription = link.subscribe({ topics, onGap: () => void load() }, (event) => {
    if (machines.peek() !== null) machines.value = withMachineEvent(machines.peek()!, event);
  });
  const stop = whileOpen(link, () => void load());
  effect(() => () => {
    stop();
    subscription.close();
  });

  return {
    machines,
    error,
    checked,
    checking,
    removing,
    load,
    /** Looks at it now. */
    check: (name: string) =>
      checking.run(async () => {
        const { machine, checks, agents } = await link.call('checkMachine', { params: { name } });
        checked.value = new Map(checked.peek()).set(name, { checks, agents });
        machines.value = inOrder([...(machines.peek() ?? []).filter((one) => one.name !== name), machine]);
      }),
    /** Forgets it. Home refuses while sessions run there. */
    remove: (name: string) =>
      removing.run(async () => {
        await link.call('deleteMachine', { params: { name } });
        machines.value = machines.peek()?.filter((one) => one.name !== name) ?? null;
      }),
  };
});
export type Machines = InstanceType<typeof MachinesModel>;
