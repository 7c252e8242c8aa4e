import type { Machine } from '@afield/shared/api/machines.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';

/** The home server itself first, then by name. */
export function inOrder(machines: readonly Machine[]): Machine[] {
  return [...machines].sort((a, b) => Number(b.kind === 'local') - Number(a.kind === 'local') || a.name.localeCompare(b.name));
}

/** The list after an event. */
export function withMachineEvent(machines: readonly Machine[], event: AfieldEvent): readonly Machine[] {
  switch (event.type) {
    case 'machine.added':
    case 'machine.line_changed': {
      const { machine } = event.payload;
      return inOrder([...machines.filter((one) => one.name !== machine.name), machine]);
    }
    case 'machine.removed': {
      const { name } = event.payload;
      return machines.filter((one) => one.name !== name);
    }
    default:
      return machines;
  }
}
