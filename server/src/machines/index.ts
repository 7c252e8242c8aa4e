/** All machines of this home, the home server first. A new kind: one file beside this one, and a line here. */
import { LOCAL_MACHINE } from '@afield/shared/api/base.ts';
import type { Machine as MachineView } from '@afield/shared/api/machines.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Machine, MachineBook, TerminalRuntime } from '../core/machine-ports.ts';
import type { Clock, MachineRow, MachineStore } from '../core/ports.ts';
import { machineOf } from '../core/recipe-of.ts';
import { createLocalMachine } from './local.ts';
import { createPrefixMachine, type PrefixMachine } from './prefix.ts';
import type { Timing } from './ssh/master.ts';
import { createSockets } from './ssh/sockets.ts';
import { createSshMachine, type SshMachine } from './ssh.ts';

export interface MachinesDeps {
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  /** On the home server, for sockets and spools; made when missing. */
  folder: string;
  /** On the home server: keys of hosts that a person confirmed, sockets of connections; made when missing. */
  sshFolder: string;
  /** Tells this home server from others that use the same machine. */
  homeId: string;
  clock: Clock;
  store: Pick<MachineStore, 'list'>;
  /** What sessions of a machine run in, once it can be reached. Errors: machine_unreachable. */
  runtimeFor(machine: Machine): Promise<TerminalRuntime>;
  /** The line to a machine was cut, is being made, or stands. */
  onLine(machine: MachineView): void;
  /** For tests: quicker than in life, and another configuration of ssh than the user's. */
  ssh?: { timing?: Partial<Timing>; configFile?: string; random?: () => number };
}

/** One that was added. */
export type AddedMachine = SshMachine | PrefixMachine;

/** The book that the core reads, and what the service needs to write it. */
export interface Machines {
  readonly book: MachineBook;
  view(machine: Machine): MachineView;
  /** Not in the book yet. */
  make(row: MachineRow): AddedMachine;
  put(machine: AddedMachine): void;
  /** Takes it out, with its runtime, and closes its line. */
  take(machine: Machine): Promise<void>;
  /** What sessions there run in is looked at anew. */
  forgetRuntime(name: string): void;
  close(): Promise<void>;
}

export function createMachines(deps: MachinesDeps): Machines {
  const { env, home, clock, ssh = {} } = deps;
  const local = createLocalMachine({ env, home, folder: deps.folder });
  const machines = new Map<string, Machine>([[LOCAL_MACHINE, local]]);
  const runtimes = new Map<string, { promise: Promise<TerminalRuntime>; known: TerminalRuntime | null }>();
  const sockets = createSockets(deps.sshFolder);
  const setup = { env, home, knownHosts: `${deps.sshFolder}/known_hosts`, configFile: ssh.configFile };

  /** The terminal of a prefix is the home server's. */
  const placeOf = ({ kind, name }: Machine) => (kind === 'prefix' ? LOCAL_MACHINE : name);
  const runtimeAt = (place: Machine): Promise<TerminalRuntime> => {
    const before = runtimes.get(place.name);
    if (before !== undefined) return before.promise;
    const entry = { promise: deps.runtimeFor(place), known: null as TerminalRuntime | null };
    runtimes.set(place.name, entry);
    entry.promise.then(
      (runtime) => {
        entry.known = runtime;
      },
      () => {
        if (runtimes.get(place.name) === entry) runtimes.delete(place.name);
      },
    );
    return entry.promise;
  };
  const book: MachineBook = {
    get: (name) => machines.get(name) ?? null,
    list: () => [...machines.values()],
    async runtime(name) {
      const machine = machineOf({ machines: book }, name);
      return runtimeAt(machines.get(placeOf(machine)) ?? machine);
    },
    knownRuntime(name) {
      const machine = machines.get(name);
      return machine === undefined ? null : (runtimes.get(placeOf(machine))?.known ?? null);
    },
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
  const make = (row: MachineRow): AddedMachine => {
    // Nobody is told of a machine that is not in the book.
    const onLine = () => {
      if (machines.get(row.name) === machine) deps.onLine(view(machine));
    };
    const machine = kindOf(row, onLine);
    return machine;
  };
  const kindOf = (row: MachineRow, onLine: () => void): AddedMachine => {
    if (row.prefix !== null) return createPrefixMachine({ ...row, prefix: row.prefix }, { local, clock, onLine });
    if (row.ssh === null) throw new AfieldError('internal', `The machine ${row.name} has neither a host nor a prefix.`);
    const { timing = {}, random = Math.random } = ssh;
    const { homeId } = deps;
    return createSshMachine({ ...row, ssh: row.ssh }, { setup, clock, timing, random, newSocket: sockets.next, homeId, onLine });
  };

  for (const row of deps.store.list()) machines.set(row.name, make(row));

  return {
    book,
    view,
    make,
    put: (machine) => machines.set(machine.name, machine),
    async take(machine) {
      machines.delete(machine.name);
      runtimes.delete(machine.name);
      await machine.close();
    },
    forgetRuntime: (name) => runtimes.delete(name),
    async close() {
      await Promise.all([...machines.values()].map((machine) => machine.close()));
      sockets.close();
    },
  };
}
