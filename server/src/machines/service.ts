/** What the API offers about machines. */
import { access, constants } from 'node:fs/promises';
import { homedir } from 'node:os';
import type { Agent } from '@afield/shared/api/agents.ts';
import { LOCAL_MACHINE } from '@afield/shared/api/base.ts';
import type { Adoptable, Machine as MachineView, SshTarget } from '@afield/shared/api/machines.ts';
import type { Check } from '@afield/shared/api/system.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { timestamp } from '../core/clock.ts';
import type { Machine } from '../core/machine-ports.ts';
import type { Clock, MachineRow, MachineStore } from '../core/ports.ts';
import { machineOf } from '../core/recipe-of.ts';
import type { EventLog } from '../core/service.ts';
import type { AddedMachine, Machines } from './index.ts';

/** More machines than any home has; each may hold a connection. */
const MAX_MACHINES = 100;

export interface MachineServiceDeps {
  machines: Machines;
  store: MachineStore;
  clock: Clock;
  events: Pick<EventLog, 'publish'>;
  /** Errors: machine_unreachable. */
  agents(machine: string): Promise<Agent[]>;
  /** Sessions that are not over and run there. */
  sessionsOn(machine: string): number;
}

interface Given {
  name: string;
  ssh?: SshTarget;
  prefix?: string[];
  host_key?: string;
}

export function createMachineService({ machines, store, clock, events, agents, sessionsOn }: MachineServiceDeps) {
  const { book, view } = machines;
  /** Names that are being added. */
  const coming = new Set<string>();

  const named = (name: string): Machine => machineOf({ machines: book }, name);

  /** Reached once before it is written, so that what is in the book has worked. */
  const add = async (row: MachineRow, host_key: string | undefined): Promise<MachineView> => {
    const machine = machines.make(row);
    try {
      await reachFirst(machine, host_key);
      if (!store.insert(row)) throw taken(row.name);
    } catch (error) {
      await machine.close();
      throw error;
    }
    machines.put(machine);
    const added = view(machine);
    events.publish('machine.added', null, { machine: added });
    return added;
  };

  return {
    list: (): MachineView[] => book.list().map(view),

    async create({ name, ssh, prefix, host_key }: Given): Promise<MachineView> {
      if ((ssh === undefined) === (prefix === undefined)) {
        throw new AfieldError('bad_request', 'Give a host for ssh, or a command prefix: one of the two.');
      }
      if (host_key !== undefined && ssh === undefined)
        throw new AfieldError('bad_request', 'Only a host that is reached by ssh has a host key.');
      const before = book.get(name);
      if (before !== null && ssh !== undefined && host_key !== undefined && isSame(before, ssh)) {
        // The same once more, with the key that it shows now: a person has looked at it.
        await reachFirst(before as AddedMachine, host_key);
        return view(before);
      }
      if (before !== null || coming.has(name)) throw taken(name);
      if (book.list().length + coming.size >= MAX_MACHINES) {
        throw new AfieldError('too_many', `There are ${MAX_MACHINES} machines already. Remove one first.`);
      }
      if (ssh !== undefined) await readable(ssh);
      const kind = ssh === undefined ? ('prefix' as const) : ('ssh' as const);
      coming.add(name);
      return add({ name, kind, ssh: ssh ?? null, prefix: prefix ?? null, created_at: timestamp(clock) }, host_key).finally(() =>
        coming.delete(name),
      );
    },

    async delete(name: string): Promise<void> {
      const machine = named(name);
      if (name === LOCAL_MACHINE) throw new AfieldError('conflict', 'The home server itself is always there.');
      const running = sessionsOn(name);
      if (running > 0) {
        const sessions = running === 1 ? 'A session is' : `${running} sessions are`;
        throw new AfieldError('conflict', `${sessions} not over on ${name}. Stop them first.`);
      }
      store.delete(name);
      events.publish('machine.removed', null, { name });
      await machines.take(machine);
    },

    async check(name: string): Promise<{ machine: MachineView; checks: Check[]; agents: Agent[] }> {
      const machine = named(name);
      const checks = await machine.checks();
      const reached = checks.every((check) => check.name !== 'reached' || check.ok);
      // A tmux that came after the first look is used from the next session on.
      if (book.knownRuntime(name)?.survivesRestart === false && sessionsOn(name) === 0) machines.forgetRuntime(name);
      const found = reached ? await agentsThere(name) : [];
      // What sessions would run in is part of the answer.
      if (reached) await book.runtime(name).catch(() => {});
      return { machine: view(machine), checks, agents: found };
    },

    async adoptable(name: string): Promise<Adoptable[]> {
      const machine = named(name);
      // The terminal of a prefix is the home server's, where these are listed already.
      if (machine.kind === 'prefix') return [];
      return (await book.runtime(name)).adoptable();
    },
  };

  async function agentsThere(name: string): Promise<Agent[]> {
    try {
      return await agents(name);
    } catch (error) {
      // The line was cut a moment ago.
      if (error instanceof AfieldError && error.code === 'machine_unreachable') return [];
      throw error;
    }
  }
}

async function reachFirst(machine: AddedMachine, host_key: string | undefined): Promise<void> {
  if (host_key !== undefined && 'confirm' in machine) await machine.confirm(host_key);
  await machine.reach();
  // A shell must run there, too.
  await machine.directory('~');
}

const taken = (name: string) =>
  new AfieldError('conflict', `There is a machine called "${name}" already. Choose another name, or remove it first.`);

const isSame = ({ ssh }: Machine, { host, port, user, identity_file }: SshTarget) =>
  ssh !== null && ssh.host === host && ssh.port === port && ssh.user === user && ssh.identity_file === identity_file;

/** Errors: bad_request for a key that is not there; ssh would only say that access is denied. */
async function readable({ identity_file }: SshTarget): Promise<void> {
  if (identity_file === null) return;
  const file = identity_file.startsWith('~/') ? homedir() + identity_file.slice(1) : identity_file;
  if (!file.startsWith('/')) throw new AfieldError('bad_request', 'Give the key file as an absolute path, or one that begins with ~/.');
  try {
    await access(file, constants.R_OK);
  } catch {
    throw new AfieldError('bad_request', `The key file ${file} is not there, or cannot be read by the home server.`);
  }
}
