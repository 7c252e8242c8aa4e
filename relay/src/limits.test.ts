import { afterEach, describe, expect, it, vi } from 'vitest';
import { Limits } from './limits.ts';
import { Tally } from './metrics.ts';
import type { Offer, Role } from './offer.ts';
import { readSettings } from './settings.ts';
import { newRoom } from './testing.ts';

const HOME = '198.51.100.7';

function setUp(env: Record<string, string> = {}) {
  let time = 0;
  const tally = new Tally();
  const limits = new Limits(readSettings({ HOST: '0.0.0.0', ...env }), tally, () => time);
  const offer = (role: Role, room = newRoom().name): Offer => ({ room, role });
  return {
    limits,
    tally,
    pass(ms: number) {
      time += ms;
    },
    admit: (role: Role, address = HOME, direct = true) => limits.admit(offer(role), address, direct)?.reason,
    offer,
  };
}
const times = (count: number, act: () => unknown) => Array.from({ length: count }, act);

describe('connects a minute', () => {
  it('lets 30 clients of one address in, and afresh a minute later', () => {
    const { admit, pass } = setUp();
    expect(times(32, () => admit('client'))).toEqual([...times(30, () => undefined), 'connects', 'connects']);
    pass(59_999);
    expect(admit('client')).toBe('connects');
    pass(1);
    expect(admit('client')).toBeUndefined();
  });

  it('counts each address for itself', () => {
    const { admit } = setUp();
    times(31, () => admit('client'));
    expect(admit('client', '198.51.100.8')).toBeUndefined();
  });

  it('counts home servers apart from clients, so that neither eats the other’s share', () => {
    const { admit } = setUp();
    times(31, () => admit('client'));
    expect(times(300, () => admit('server')).every((refusal) => refusal === undefined)).toBe(true);
    expect(admit('server')).toBe('connects');
    expect(admit('client')).toBe('connects');
  });

  it('counts requests without a room and with a wrong secret as clients', () => {
    const { limits } = setUp();
    const guess = () => limits.admit({ status: 401, reason: 'secret' }, HOME, true)?.status;
    expect(times(31, guess)).toEqual([...times(30, () => 401), 429]);
  });

  it('remembers at most 65,536 addresses', () => {
    const { admit } = setUp({ RELAY_CONNECTS_PER_MINUTE: '1' });
    for (let index = 0; index < 65_536; index++) admit('client', `address ${index}`);
    expect(admit('client', 'address 65535')).toBeUndefined(); // the table was full, so the minute began afresh
    expect(admit('client', 'address 65535')).toBe('connects');
  });
});

describe('unpaired sockets', () => {
  it('lets 4 unpaired clients of one address be, until one is paired or gone', () => {
    const { limits, admit } = setUp();
    const releases = times(4, () => limits.holdUnpaired('client', HOME)) as (() => void)[];
    expect(admit('client')).toBe('unpaired');
    expect(admit('client', '198.51.100.8')).toBeUndefined();
    expect(admit('server')).toBeUndefined();
    releases[0]?.();
    releases[0]?.(); // paired, and later closed: counted down once
    expect(admit('client')).toBeUndefined();
    limits.holdUnpaired('client', HOME);
    expect(admit('client')).toBe('unpaired');
  });

  it('lets 32 spares of one address be: four home servers with all of theirs', () => {
    const { limits, admit } = setUp();
    times(32, () => limits.holdUnpaired('server', HOME));
    expect(admit('server')).toBe('unpaired');
  });
});

describe('the list of rooms', () => {
  it('lets a listed home server in without a limit for its address, any other not at all', () => {
    const room = newRoom().name;
    const { limits, admit, offer } = setUp({ RELAY_ROOMS: room });
    expect(times(500, () => limits.admit(offer('server', room), HOME, true)).every((refusal) => refusal === undefined)).toBe(true);
    expect(limits.admit(offer('server'), HOME, true)).toEqual({ status: 403, reason: 'not_listed' });
    expect(admit('client')).toBeUndefined();
  });
});

describe('this machine itself', () => {
  it('has no limits by address when the relay serves this machine alone', () => {
    const { admit, limits } = setUp({ HOST: '127.0.0.1' });
    expect(times(100, () => admit('client', '127.0.0.1')).every((refusal) => refusal === undefined)).toBe(true);
    times(100, () => limits.holdUnpaired('client', '::1'));
    expect(admit('client', '::1')).toBeUndefined();
  });

  it('has them when a proxy on this machine passes strangers on', () => {
    const { admit } = setUp({ HOST: '127.0.0.1' });
    expect(times(31, () => admit('client', '127.0.0.1', false)).at(-1)).toBe('connects');
  });

  it('has them when the relay serves everyone, unless told otherwise', () => {
    const strict = setUp();
    expect(times(31, () => strict.admit('client', '127.0.0.1')).at(-1)).toBe('connects');
    const told = setUp({ RELAY_LIMIT_LOOPBACK: 'false' });
    expect(times(31, () => told.admit('client', '127.0.0.1')).at(-1)).toBeUndefined();
    expect(times(31, () => told.admit('client')).at(-1)).toBe('connects');
  });
});

describe('the byte rate of a room', () => {
  afterEach(() => vi.useRealTimers());

  it('lets a second’s worth pass at once, then rests for as long as the rest costs', () => {
    vi.useFakeTimers({ now: 0, toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const limits = new Limits(readSettings({ RELAY_ROOM_BYTES_PER_SECOND: '1000' }), new Tally(), () => performance.now());
    vi.advanceTimersByTime(5000);
    const meter = limits.meterOf('room');
    const other = limits.meterOf('another room');
    const wake = vi.fn();
    expect(meter(1000, wake)).toBe(false);
    expect(meter(500, wake)).toBe(true);
    expect(limits.meterOf('room')(0, wake)).toBe(true); // another pair of the same room rests too
    expect(other(1000, wake)).toBe(false);
    vi.advanceTimersByTime(499);
    expect(wake).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(wake).toHaveBeenCalledOnce();
    expect(meter(0, wake)).toBe(false);
  });

  it('forgets a room that has paid', () => {
    vi.useFakeTimers({ now: 0, toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const limits = new Limits(readSettings({ RELAY_ROOM_BYTES_PER_SECOND: '1000' }), new Tally(), () => performance.now());
    limits.meterOf('room')(10_000, () => {});
    limits.sweep();
    expect(vi.getTimerCount()).toBe(1);
    limits.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('counts frames and bytes whether there is a rate or not', () => {
    const { limits, tally } = setUp();
    const meter = limits.meterOf('room');
    meter(10, () => {});
    meter(20, () => {});
    meter(0, () => {});
    expect(tally).toMatchObject({ frames: 2, bytes: 30 });
  });
});
