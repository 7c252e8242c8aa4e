import type { Machine } from '@afield/shared/api/machines.ts';
import type { Storage } from '@afield/shared/api/system.ts';
import { type ReadonlySignal, signal } from '@preact/signals';
import type { HomeLink } from './home-link.ts';
import { withMachineEvent } from './machines-list.ts';

/** How it stands at home beside the sessions: room on the disk, lines to machines, since when the server runs. */
export interface Standing {
  /** Null while nothing is known. */
  storage: ReadonlySignal<Storage | null>;
  machines: ReadonlySignal<readonly Machine[]>;
  /** Asks anew. Gives back how long the home server has been running, in ms; null when it did not say. */
  load(): Promise<number | null>;
  stop(): void;
}

export function watchStanding(link: HomeLink): Standing {
  const storage = signal<Storage | null>(null);
  const machines = signal<readonly Machine[]>([]);

  async function load(): Promise<number | null> {
    // A courtesy beside the list: without an answer nothing is claimed.
    const [status, listed] = await Promise.all([link.call('getStatus').catch(() => null), link.call('listMachines').catch(() => null)]);
    if (status !== null) storage.value = status.storage;
    if (listed !== null) machines.value = listed.items;
    return status?.uptime_ms ?? null;
  }

  const subscription = link.subscribe({ topics: ['machine.*'], onGap: () => void load() }, (event) => {
    if (event.type === 'machine.storage_changed') storage.value = event.payload.storage;
    else machines.value = withMachineEvent(machines.peek(), event);
  });
  return { storage, machines, load, stop: () => subscription.close() };
}
