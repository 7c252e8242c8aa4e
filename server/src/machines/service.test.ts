import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Machine as MachineView } from '@afield/shared/api/machines.ts';
import type { AfieldError } from '@afield/shared/errors.ts';
import { until } from '@afield/shared/until.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../core/clock.ts';
import type { TerminalRuntime } from '../core/machine-ports.ts';
import type { MachineRow, MachineStore } from '../core/ports.ts';
import { createMachines, type Machines } from './index.ts';
import { createMachineService } from './service.ts';
import { noSshd, processesWith, TestSshd } from './test-sshd.ts';

const FAST = { pingMs: 150, silentMs: 600, retryMs: [50, 200], connectMs: 8_000, idleMs: 300 } as const;

let folder: string;
let sshd: TestSshd | null;
let rows: MachineRow[];
let told: { type: string; payload: unknown }[];
let sessions: Record<string, number>;
let runtimes: string[];
let houses: { machines: Machines }[];

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'afield-book-')));
  sshd = null;
  rows = [];
  told = [];
  sessions = {};
  runtimes = [];
  houses = [];
});
afterEach(async () => {
  for (const { machines } of houses) await machines.close();
  await until('no ssh of ours is left', () => processesWith(folder).length === 0);
  await sshd?.close();
  rmSync(folder, { recursive: true, force: true });
});

const store: MachineStore = {
  insert(row) {
    if (rows.some(({ name }) => name === row.name)) return false;
    rows.push(row);
    return true;
  },
  list: () => [...rows],
  delete(name) {
    const before = rows.length;
    rows = rows.filter((row) => row.name !== name);
    return rows.length < before;
  },
};
function house(survives = true) {
  const publish = (type: string, _session: string | null, payload: unknown) => void told.push({ type, payload });
  const clock = systemClock();
  const machines = createMachines({
    env: { PATH: process.env.PATH, HOME: folder },
    home: folder,
    folder: join(folder, 'run'),
    sshFolder: join(folder, 'ssh'),
    homeId: 'home',
    clock,
    store,
    runtimeFor: async (machine) => {
      runtimes.push(machine.name);
      await machine.which('tmux');
      return {
        name: survives ? 'tmux' : 'pty',
        survivesRestart: survives,
        adoptable: async () => [{ pane: '%1' }],
      } as unknown as TerminalRuntime;
    },
    onLine: (machine) => publish('machine.line_changed', null, { machine }),
    ssh: { timing: FAST },
  });
  const service = createMachineService({
    machines,
    store,
    clock,
    events: { publish } as never,
    agents: async (machine) => [{ name: `agent of ${machine}` }] as never,
    sessionsOn: (name) => sessions[name] ?? 0,
  });
  const made = { machines, service };
  houses.push(made);
  return made;
}
const types = () => told.map(({ type }) => type);

describe('machines of a home', () => {
  it('begin with the home server, which stays', async () => {
    const { service } = house();
    expect(service.list()).toEqual([
      expect.objectContaining({ name: 'local', kind: 'local', created_at: null, line: { state: 'up', detail: null, since: null } }),
    ]);
    await expect(service.delete('local')).rejects.toMatchObject({ code: 'conflict' });
    await expect(service.create({ name: 'local', prefix: ['env'] })).rejects.toMatchObject({ code: 'conflict' });
    await expect(service.delete('other')).rejects.toMatchObject({ code: 'machine_not_found' });
    await expect(service.check('other')).rejects.toMatchObject({ code: 'machine_not_found' });
    await expect(service.adoptable('other')).rejects.toMatchObject({ code: 'machine_not_found' });
    const { checks, agents, machine } = await service.check('local');
    expect(checks.map(({ name }) => name)).toEqual(['reached', 'tmux', 'shell', 'disk']);
    expect(agents).toEqual([{ name: 'agent of local' }]);
    expect(machine).toMatchObject({ runtime: 'tmux', survives_restart: true });
  });

  it('a prefix is added once it was reached, has the runtime of the home server, and goes', async () => {
    const { service, machines } = house();
    await expect(service.create({ name: 'box' })).rejects.toMatchObject({ code: 'bad_request' });
    await expect(service.create({ name: 'box', prefix: ['/no/such/program'] })).rejects.toMatchObject({ code: 'machine_unreachable' });
    expect(rows).toEqual([]);
    expect(told).toEqual([]);
    const [one, two] = await Promise.allSettled([
      service.create({ name: 'box', prefix: ['env', 'A=1'] }),
      service.create({ name: 'box', prefix: ['env', 'B=1'] }),
    ]);
    expect(one).toMatchObject({
      status: 'fulfilled',
      value: { name: 'box', kind: 'prefix', prefix: ['env', 'A=1'], ssh: null, line: { state: 'up' } },
    });
    expect(two).toMatchObject({ status: 'rejected', reason: { code: 'conflict' } });
    expect(rows).toHaveLength(1);
    expect(types()).toEqual(['machine.added']);
    await machines.book.runtime('box');
    await machines.book.runtime('local');
    expect(runtimes).toEqual(['local']);
    expect(machines.book.knownRuntime('box')?.name).toBe('tmux');
    expect(await service.adoptable('box')).toEqual([]);
    expect(await service.adoptable('local')).toHaveLength(1);
    sessions.box = 2;
    await expect(service.delete('box')).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('2 sessions') });
    sessions.box = 0;
    await service.delete('box');
    expect([rows, service.list().length, types().at(-1)]).toEqual([[], 1, 'machine.removed']);
    expect(machines.book.get('box')).toBeNull();
    await expect(machines.book.runtime('box')).rejects.toMatchObject({ code: 'machine_not_found' });
  });

  it('a runtime that could not be found is looked for again, a tmux that was installed later is used', async () => {
    const { service, machines } = house(false);
    await service.check('local');
    sessions.local = 1;
    await service.check('local');
    expect(runtimes).toEqual(['local']);
    sessions.local = 0;
    await service.check('local');
    expect(runtimes).toEqual(['local', 'local']);
    await Promise.all([machines.book.runtime('local'), machines.book.runtime('local')]);
    expect(runtimes).toHaveLength(2);
  });
});

describe.skipIf(noSshd !== null)('machines of a home by ssh', () => {
  it('are added with the key that a person confirmed, reached lazily by the next server, and tell of their line', {
    timeout: 40_000,
  }, async () => {
    sshd = await TestSshd.start();
    const { service } = house();
    const add = (host_key?: string) => service.create({ name: 'box', ssh: sshd!.target, ...(host_key === undefined ? {} : { host_key }) });
    const unknown = await add().catch((error: AfieldError) => error);
    expect(unknown).toMatchObject({ code: 'host_key_unknown' });
    const shown = /SHA256:[A-Za-z0-9+/]{43}/.exec((unknown as AfieldError).message)?.[0];
    expect(shown).toBe(sshd.fingerprint);
    await expect(add(`SHA256:${'A'.repeat(43)}`)).rejects.toMatchObject({ code: 'host_key_changed' });
    await expect(service.create({ name: 'box', ssh: { ...sshd.target, identity_file: '/no/such/key' } })).rejects.toMatchObject({
      code: 'bad_request',
    });
    expect([rows, told]).toEqual([[], []]);
    expect(await add(shown)).toMatchObject({ name: 'box', kind: 'ssh', line: { state: 'up' } });
    await expect(add()).rejects.toMatchObject({ code: 'conflict' });
    expect(types()).toEqual(['machine.added']);
    expect(statSync(join(folder, 'ssh', 'known_hosts')).mode & 0o777).toBe(0o600);
    await houses[0]?.machines.close();
    expect(readdirSync(join(folder, 'ssh'))).toEqual(['known_hosts']);
    expect(processesWith(folder)).toEqual([]);

    told = [];
    const next = house();
    expect(next.service.list().map(({ name, line }) => [name, line.state])).toEqual([
      ['local', 'up'],
      ['box', 'down'],
    ]);
    expect(processesWith(folder)).toEqual([]);
    const checked = await next.service.check('box');
    expect(checked.checks[0]).toMatchObject({ name: 'reached', ok: true });
    expect(checked.agents).toEqual([{ name: 'agent of box' }]);
    expect(checked.machine).toMatchObject({ runtime: 'tmux', survives_restart: true });
    expect(told.map(({ payload }) => (payload as { machine: MachineView }).machine.line.state)).toEqual(['connecting', 'up']);

    await sshd.rekey();
    await until('the cut is told', () => next.service.list()[1]?.line.state === 'down');
    expect((await next.service.check('box')).checks).toEqual([
      expect.objectContaining({ ok: false, detail: expect.stringContaining('another key than before') }),
    ]);
    expect(await next.service.create({ name: 'box', ssh: sshd.target, host_key: sshd.fingerprint })).toMatchObject({
      line: { state: 'up' },
    });
    await next.service.delete('box');
    expect(existsSync(join(folder, 'ssh', 'lines'))).toBe(true);
    await until('its line is closed', () => processesWith(folder).length === 0);
  });
});
