import type { Device } from '@afield/shared/api/devices.ts';
import { describe, expect, it } from 'vitest';
import { down, ONLINE, scriptedLink, settled } from '../../test/scripted-link.ts';
import { DevicesModel } from './devices.ts';

const device = (name: string, fields: Partial<Device> = {}): Device => ({
  id: name,
  name,
  user: 'owner',
  scopes: ['*'],
  app_version: '0.1.0',
  created_at: '2026-01-01T00:00:00Z',
  last_seen_at: null,
  online: false,
  current: false,
  revoked_at: null,
  push: null,
  ...fields,
});

function open(first = ONLINE) {
  const way = scriptedLink(first);
  way.answers.listDevices = () => ({
    items: [
      device('never'),
      device('old', { last_seen_at: '2026-09-01T00:00:00Z' }),
      device('gone', { revoked_at: '2026-10-01T00:00:00Z' }),
      device('mine', { current: true, last_seen_at: '2026-02-01T00:00:00Z' }),
      device('new', { last_seen_at: '2026-11-01T00:00:00Z' }),
    ],
    next_cursor: null,
  });
  way.answers.getInfo = () => ({ machine: 'attic' });
  way.answers.getStatus = () => ({ sessions: {} });
  return { ...way, devices: new DevicesModel(way.link) };
}
const names = (model: InstanceType<typeof DevicesModel>) => model.devices.value?.map((one) => one.name);

describe('devices', () => {
  it('this one first, then the last seen; revoked ones are gone', async () => {
    const { devices } = open();
    expect(devices.devices.value).toBeNull();
    await settled();
    expect(names(devices)).toEqual(['mine', 'new', 'old', 'never']);
  });

  it('are asked for when there is a line, and again when one is paired', async () => {
    const { devices, state, event, calls } = open(down('relay_down'));
    await settled();
    expect(calls).toEqual([]);
    state(ONLINE);
    await settled();
    expect(names(devices)).toHaveLength(4);
    const before = calls.length;
    event({ type: 'device.revoked', seq: 1, session_id: null, timestamp: '', payload: { device_id: 'old' } });
    await settled();
    expect(calls.length).toBeGreaterThan(before);
  });

  it('revoking says whether it was done', async () => {
    const { devices, answers } = open();
    await settled();
    expect(await devices.revoke('old')).toBe(false);
    expect(devices.actionError.value).toBe('No answer to revokeDevice.');
    answers.revokeDevice = () => undefined;
    expect(await devices.revoke('old')).toBe(true);
    expect(devices.actionError.value).toBeNull();
  });
});
