/** All machines of this home, the home server first. A new kind: one file beside this one, and a line here. */
import { LOCAL_MACHINE } from '@afield/shared/api/base.ts';
import type { Machine as MachineView } from '@afield/shared/api/machines.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Machine, MachineBook, TerminalRuntime } from '../core/machine-ports.ts';
import type { Clock, MachineStore } from '../core/ports.ts';
import { createLocalMachine } from './local.ts';

export interface MachinesDeps {
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  /** On the home server, for sockets and spools; made when missing. */
  folder: string;
  clock: Clock;
  store: MachineStore;
  /** What sessions of a machine run in, once it can be reached. Errors: machine_unreachable. */
  runtimeFor(machine: Machine): Promise<TerminalRuntime>;
}

export function createMachines({ env, home, folder, runtimeFor }: MachinesDeps) {
  const local = createLocalMachine({ env, home, folder });
  const machines = new Map<string, Machine>([[LOCAL_MACHINE, local]]);
  const runtimes = new Map<string, TerminalRuntime>();

  const book: MachineBook = {
    get: (name) => machines.get(name) ?? null,
    list: () => [...machines.values()],
    async runtime(name) {
      const machine = machines.get(name);
      if (machine === undefined) throw new AfieldError('machine_not_found', `There is no machine called "${name}".`);
      const runtime = runtimes.get(name) ?? (await runtimeFor(machine));
      runtimes.set(name, runtime);
      return runtime;
    },
    knownRuntime: (name) => runtimes.get(name) ?? null,
  };
  const view = (machine: Machine): MachineView => {
    const runtime = book.knownRuntime(machine.name);
    return {
      name: machine.name,
      kind: machine.kind,
      ssh: machine.ssh,
      prefix: machine.prefix === null ? null : [...machine.prefix],
      runtime: runtime?.name ?? null,
      survives_restart: runtime?.survivesRestart ?? null,
      line: machine.line,
      created_at: machine.created_at,
    };
  };
  const later = () => {
    throw new AfieldError('unavailable', 'Not yet.');
  };
  return {
    book,
    service: { list: () => book.list().map(view), create: later, delete: later, check: later, adoptable: later },
  };
}
