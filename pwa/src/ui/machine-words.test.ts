import { describe, expect, it } from 'vitest';
import { machine } from '../../test/machines.ts';
import { NOW } from '../../test/sessions.ts';
import { downSince, fingerprintGroups, machineCommand, machineState, survival } from './machine-words.ts';

describe('a machine in words', () => {
  it('says how it stands, with a shape of its own', () => {
    const states = (['up', 'connecting', 'down'] as const).map((state) =>
      machineState(machine('x', { line: { state, detail: null, since: null } })),
    );
    expect(states.map(({ word }) => word)).toEqual(['reached', 'connecting', 'not reached']);
    expect(new Set(states.map(({ mark }) => mark)).size).toBe(3);
  });

  it('never claims that sessions survive where nobody could look', () => {
    expect(survival({ survives_restart: null })).toBe('not looked at yet');
    expect(survival({ survives_restart: false })).toBe('sessions end with the home server');
    expect(survival({ survives_restart: true })).toBe('sessions survive');
  });

  it('shows what one would type', () => {
    const ssh = { host: 'box.example.net', port: 2222, user: 'ci', identity_file: null };
    expect(machineCommand({ ssh, prefix: null })).toBe('ssh -p 2222 ci@box.example.net');
    expect(machineCommand({ ssh: { ...ssh, port: null, user: null }, prefix: null })).toBe('ssh box.example.net');
    expect(machineCommand({ ssh: null, prefix: ['docker', 'exec', '-it', "it's a box", ''] })).toBe("docker exec -it 'it'\\''s a box' ''");
    expect(machineCommand(machine('local'))).toBeNull();
  });

  it('says since when it is not reached, if it is known', () => {
    const line = { state: 'down', detail: null, since: new Date(NOW - 60_000).toISOString() } as const;
    expect(downSince(machine('x', { line }), NOW)).toMatch(/^since \d\d:\d\d$/);
    expect(downSince(machine('x', { line: { ...line, since: null } }), NOW)).toBe('');
    expect(downSince(machine('x'), NOW)).toBe('');
  });

  it('parts a fingerprint into groups', () => {
    const groups = fingerprintGroups(`SHA256:${'abcd'.repeat(10)}xyz`);
    expect(groups).toHaveLength(11);
    expect(groups.at(-1)).toBe('xyz');
    expect(groups.join('')).toBe(`${'abcd'.repeat(10)}xyz`);
  });
});
