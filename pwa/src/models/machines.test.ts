import type { Machine } from '@afield/shared/api/machines.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { describe, expect, it } from 'vitest';
import { machine } from '../../test/machines.ts';
import { down, ONLINE, scriptedLink, settled } from '../../test/scripted-link.ts';
import { MachinesModel } from './machines.ts';

const local = machine('local');
const box = machine('build-box');
const at = { seq: 1, session_id: null, timestamp: '' } as const;

function open(items: Machine[] = [box, local]) {
  const way = scriptedLink(ONLINE);
  way.answers.listMachines = () => ({ items, next_cursor: null });
  return { ...way, machines: new MachinesModel(way.link) };
}
const names = ({ machines }: { machines: InstanceType<typeof MachinesModel> }) => machines.machines.value?.map((one) => one.name);

describe('machines', () => {
  it('the home server stands first', async () => {
    const all = open();
    expect(names(all)).toBeUndefined();
    await settled();
    expect(names(all)).toEqual(['local', 'build-box']);
  });

  it('follow what happens to them', async () => {
    const all = open();
    await settled();
    all.event({ ...at, type: 'machine.added', payload: { machine: machine('attic') } });
    expect(names(all)).toEqual(['local', 'attic', 'build-box']);
    all.event({
      ...at,
      type: 'machine.line_changed',
      payload: { machine: machine('build-box', { line: { state: 'down', detail: 'No answer.', since: null } }) },
    });
    expect(all.machines.machines.value?.[2]?.line.state).toBe('down');
    all.event({ ...at, type: 'machine.removed', payload: { name: 'attic' } });
    expect(names(all)).toEqual(['local', 'build-box']);
  });

  it('are fetched anew after a gap and a broken line', async () => {
    const all = open();
    await settled();
    all.answers.listMachines = () => ({ items: [local], next_cursor: null });
    all.gap(5);
    await settled();
    expect(names(all)).toEqual(['local']);
    all.answers.listMachines = () => ({ items: [local, box], next_cursor: null });
    all.state(down('broken'));
    all.state(ONLINE);
    await settled();
    expect(names(all)).toEqual(['local', 'build-box']);
  });

  it('a check brings findings and the machine as it is now', async () => {
    const { machines, answers } = open();
    await settled();
    const finding = { name: 'tmux', ok: false, level: 'fault', detail: 'tmux is missing.', fix: 'apt install tmux' };
    answers.checkMachine = () => ({
      machine: machine('build-box', { runtime: 'pty', survives_restart: false }),
      checks: [finding],
      agents: [],
    });
    expect(await machines.check('build-box')).toBe(true);
    expect(machines.checked.value.get('build-box')?.checks).toEqual([finding]);
    expect(machines.machines.value?.find((one) => one.name === 'build-box')?.runtime).toBe('pty');
  });

  it('one that cannot be checked says why and stays', async () => {
    const { machines, answers } = open();
    await settled();
    answers.checkMachine = () => Promise.reject(new AfieldError('machine_unreachable', 'build-box does not answer.'));
    expect(await machines.check('build-box')).toBe(false);
    expect(machines.checking.failure.value).toEqual({ text: 'build-box does not answer.', code: 'machine_unreachable' });
    expect(machines.machines.value).toHaveLength(2);
  });

  it('removing is refused while sessions run there, and says so', async () => {
    const { machines, answers } = open();
    await settled();
    answers.deleteMachine = () => Promise.reject(new AfieldError('conflict', '2 sessions run on build-box. Stop them first.'));
    expect(await machines.remove('build-box')).toBe(false);
    expect(machines.removing.failure.value?.text).toContain('Stop them first');
    expect(machines.machines.value).toHaveLength(2);
    answers.deleteMachine = () => undefined;
    expect(await machines.remove('build-box')).toBe(true);
    expect(machines.machines.value?.map((one) => one.name)).toEqual(['local']);
  });

  it('leave nothing running behind', async () => {
    const { machines, subscriptions } = open();
    await settled();
    machines[Symbol.dispose]();
    expect(subscriptions.size).toBe(0);
  });
});
