import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { descriptorLimit, ENVIRONMENT, NUMBERS, readSettings, SettingsError, socketsFor, unknownSettings } from './settings.ts';
import { newRoom } from './testing.ts';

describe('an empty environment', () => {
  it('gives the limits of the protocol', () => {
    expect(readSettings()).toEqual({
      host: '127.0.0.1',
      port: 4097,
      rooms: undefined,
      trustProxy: 0,
      limitLoopback: false,
      log: 'info',
      frameBytes: 65_535,
      spares: 8,
      waiting: 16,
      firstFrameBytes: 512,
      firstFrameMs: 3000,
      waitMs: 8000,
      unpairedPerAddress: 4,
      connectsPerMinute: 30,
      serverUnpairedPerAddress: 32,
      serverConnectsPerMinute: 300,
      pendingPerAddress: 32,
      maxSockets: 0,
      headerMs: 5000,
      pingMs: 25_000,
      deadMs: 60_000,
      pauseBytes: 1_048_576,
      resumeBytes: 262_144,
      roomBytesPerSecond: 0,
    });
  });

  it('is the same as one of empty values, as compose files give', () => {
    const empty = Object.fromEntries(ENVIRONMENT.map((name) => [name, '']));
    expect(readSettings(empty)).toEqual(readSettings());
  });
});

describe('values', () => {
  it('are read, seconds into milliseconds', () => {
    const room = newRoom().name;
    const settings = readSettings({
      HOST: '0.0.0.0',
      PORT: '0',
      RELAY_ROOMS: ` ${room}, ${room} `,
      RELAY_TRUST_PROXY: '1',
      RELAY_WAIT_SECONDS: '0.5',
    });
    expect(settings).toMatchObject({ host: '0.0.0.0', port: 0, trustProxy: 1, waitMs: 500, limitLoopback: true });
    expect([...(settings.rooms ?? [])]).toEqual([room]);
  });

  it('are all faulted at once, each with what would be right', () => {
    const wrong = {
      PORT: '70000',
      RELAY_SPARES: '1.5',
      RELAY_WAIT_SECONDS: 'soon',
      RELAY_ROOMS: 'abc',
      RELAY_LIMIT_LOOPBACK: 'maybe',
      RELAY_LOG: 'loud',
    };
    let message = '';
    try {
      readSettings(wrong);
    } catch (error) {
      expect(error).toBeInstanceOf(SettingsError);
      message = (error as Error).message;
    }
    for (const name of Object.keys(wrong)) expect(message).toContain(name);
    expect(message).toContain('PORT=70000 must be a whole number from 0 to 65535');
    expect(message).toContain('RELAY_WAIT_SECONDS=soon must be a number of seconds from 0.001 to 60');
    expect(message).toContain('entry 1 of RELAY_ROOMS');
  });

  it.each(['-1', '', ' ', '0x10', '1e3', 'NaN', 'Infinity'])('PORT=%j does what it says or is refused', (text) => {
    const read = () => readSettings({ PORT: text }).port;
    if (text.trim() === '') expect(read()).toBe(4097);
    else if (Number(text) >= 0 && Number(text) <= 65_535) expect(read()).toBe(Number(text));
    else expect(read).toThrow('PORT=');
  });

  it('must fit together', () => {
    expect(() => readSettings({ RELAY_RESUME_BYTES: '2000000' })).toThrow('RELAY_RESUME_BYTES must be smaller');
    expect(() => readSettings({ RELAY_DEAD_SECONDS: '30' })).toThrow('at least twice');
  });

  it('a secret given as a room is not repeated in the message', () => {
    expect(() => readSettings({ RELAY_ROOMS: 'hunter2' })).toThrow(/^(?!.*hunter2)/s);
  });

  it('are told from names that only look like ours', () => {
    expect(unknownSettings({ RELAY_ROOM: 'x', RELAY_ROOMS: 'x', HOME: '/' })).toEqual(['RELAY_ROOM']);
  });
});

describe('the limit of sockets', () => {
  it('is 80 % of the descriptors, with some left for the program itself', () => {
    expect(socketsFor(20_000)).toBe(16_000);
    expect(socketsFor(1024)).toBe(819);
    expect(socketsFor(64)).toBe(24);
    expect(socketsFor(10)).toBe(8);
  });

  it('reads the limit of the system, or takes the smallest usual one', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'afield-limits-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, 'limits');
    writeFileSync(
      file,
      'Limit                     Soft Limit           Hard Limit           Units\nMax open files            4096                 8192                 files\n',
    );
    expect(descriptorLimit(file)).toBe(4096);
    writeFileSync(file, 'Max open files            unlimited            unlimited            files\n');
    expect(descriptorLimit(file)).toBe(1_048_576);
    expect(descriptorLimit('/does/not/exist')).toBe(1024);
  });
});

describe('the guide', () => {
  const guide = readFileSync(new URL('../../docs/guides/relay-on-a-vps.md', import.meta.url), 'utf8');

  it('has every setting in its table, and no other', () => {
    const named = [...guide.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name);
    expect(named.filter((name) => name !== 'AFIELD_DOMAIN').sort()).toEqual([...ENVIRONMENT].sort());
  });

  it.each(Object.values(NUMBERS).map(({ env, fallback }) => [env, fallback] as const))('gives the default of %s', (env, fallback) => {
    const row = new RegExp(`^\\| \`${env}\` \\| ([^|]+) \\|`, 'm').exec(guide)?.[1]?.trim();
    expect(row?.replaceAll(',', '').split(' ')[0]).toBe(String(fallback));
  });
});
