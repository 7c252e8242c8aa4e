import { afterEach, describe, expect, it } from 'vitest';
import { LinkClient } from './client.ts';
import type { ConnectionState, Reconnected } from './link.ts';
import { arrived, ManualClock } from './manual-clock.ts';
import { memoryPipePair } from './memory-pair.ts';
import { HEARTBEAT_MS, MAX_LINK_MESSAGE_BYTES, STALE_MS } from './messages.ts';
import { ScriptedHome } from './scripted-home.ts';

const clients: LinkClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

function setUp(options: Parameters<ScriptedHome['door']>[0] = {}) {
  const clock = new ManualClock();
  const home = new ScriptedHome(() => clock.now());
  const link = new LinkClient({ door: home.door(options), clock });
  clients.push(link);
  const states: ConnectionState[] = [];
  link.connection.subscribe((state) => states.push(state));
  const returns: Reconnected[] = [];
  link.onReconnected((summary) => returns.push(summary));
  const state = () => link.connection.value;
  const online = async () => {
    link.start();
    await arrived();
    expect(state().state).toBe('online');
  };
  return { clock, home, link, states, returns, state, online };
}

describe('getting in', () => {
  it('goes online with the welcome, and measures the round trip', async () => {
    const { link, home, states, online } = setUp();
    await online();
    expect(states.map(({ state }) => state)).toEqual(['connecting', 'catching_up', 'online', 'online']);
    expect(link.connection.value).toEqual({ state: 'online', rtt_ms: 0, via: 'relay' });
    expect(link.welcome?.server_version).toBe('0.1.0');
    expect(home.dials).toBe(1);
  });

  it('sends the token first, and only in that message', async () => {
    const { home, link, online } = setUp({ token: () => Promise.resolve('secret'), via: 'local' });
    home.token = 'secret';
    await online();
    void link.request('http', { method: 'GET', path: '/x' });
    await arrived();
    expect(home.actions).toEqual(['auth', 'http']);
    expect(JSON.stringify(home.requests[1])).not.toContain('secret');
  });

  it('users 16: a wrong token is final: no second attempt, ever', async () => {
    const { clock, home, link, state } = setUp({ token: 'wrong' });
    home.token = 'right';
    link.start();
    await clock.advance(24 * 3_600_000);
    expect(state()).toEqual({ state: 'refused', detail: 'Wrong token.' });
    expect(home.dials).toBe(1);
    await expect(link.request('cancel', { session_id: ID })).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(link.ready()).rejects.toMatchObject({ code: 'unauthenticated' });
    await link.checkNow();
    link.setNetwork(false);
    link.setNetwork(true);
    await clock.advance(60_000);
    expect(home.dials).toBe(1);
  });

  it('users 16: a revoked device is refused finally, also in the middle of everything', async () => {
    const { clock, home, link, state, online } = setUp();
    await online();
    const pending = link.request('http', { method: 'GET', path: '/x' }, { idempotent: true });
    home.held.add('http');
    home.guest.pair.b.close({ kind: 'refused', detail: 'Revoked.' });
    await expect(pending).rejects.toMatchObject({ code: 'unauthenticated' });
    await clock.advance(3_600_000);
    expect(state()).toEqual({ state: 'refused', detail: 'Revoked.' });
    expect(home.dials).toBe(1);
  });

  it('after pairing again, start is the way out', async () => {
    const { home, link, state } = setUp();
    home.unreachable = 'refused';
    link.start();
    await arrived();
    expect(state().state).toBe('refused');
    home.unreachable = null;
    link.start();
    await arrived();
    expect(state().state).toBe('online');
  });

  it('a door that never opens is given up and tried again', async () => {
    const clock = new ManualClock();
    let dials = 0;
    let aborted = 0;
    const connect = (signal: AbortSignal) => {
      dials++;
      signal.addEventListener('abort', () => aborted++);
      return new Promise<never>(() => {});
    };
    const link = new LinkClient({ door: { via: 'relay', connect }, clock });
    clients.push(link);
    link.start();
    await clock.advance(25_000);
    expect([dials, aborted]).toEqual([2, 1]);
    expect(link.connection.value).toMatchObject({ state: 'reconnecting', cause: 'broken', next_try_at: null });
  });

  it('a home server that takes the connection and says nothing is given up', async () => {
    const { clock, home, link, state } = setUp();
    home.mute = true;
    link.start();
    await clock.advance(25_000);
    expect(state()).toMatchObject({ state: 'reconnecting', attempt: 1 });
    expect(home.guests[0]?.pair.b.bufferedBytes).toBe(0);
    expect(home.dials).toBe(2);
  });

  it('a pipe that opens after all was given up is closed', async () => {
    const clock = new ManualClock();
    const pair = memoryPipePair();
    let open: (pipe: typeof pair.a) => void = () => {};
    const link = new LinkClient({ door: { via: 'relay', connect: () => new Promise((resolve) => (open = resolve)) }, clock });
    let end: unknown = null;
    pair.b.onClose = (told) => {
      end = told;
    };
    link.start();
    link.close();
    open(pair.a);
    await arrived();
    expect(end).toMatchObject({ kind: 'goodbye' });
  });
});

describe('coming back', () => {
  it('A22: a cut without goodbye is broken: first retry at once', async () => {
    const { clock, home, states, online, returns } = setUp();
    await online();
    await clock.advance(60_000);
    home.guest.pair.cut();
    expect(states.at(-1)).toMatchObject({ state: 'reconnecting', attempt: 1, cause: 'broken', next_try_at: clock.now() });
    await clock.advance(0);
    expect(states.at(-1)).toMatchObject({ state: 'online' });
    expect(returns).toEqual([{ away_ms: 0, cause: 'broken', missed_events: 0, gap: false }]);
  });

  it('tries at once after every line that was a good one', async () => {
    const { clock, home, state, online } = setUp();
    await online();
    for (let i = 0; i < 5; i++) {
      await clock.advance(10_000);
      home.guest.pair.cut();
      await clock.advance(0);
      expect(state().state).toBe('online');
    }
  });

  it('says nothing of a return when it had not been there before', async () => {
    const { clock, home, link, state, returns } = setUp();
    home.unreachable = 'relay_down';
    link.start();
    await clock.advance(5000);
    home.unreachable = null;
    await clock.advance(30_000);
    expect(state().state).toBe('online');
    expect(returns).toEqual([]);
  });

  it('backs off while the relay is down, says when the next try is, and blames the relay afterwards', async () => {
    const { clock, home, state, online, returns } = setUp();
    await online();
    await clock.advance(60_000);
    const since = clock.now();
    home.unreachable = 'relay_down';
    home.guest.pair.cut();
    await clock.advance(0);
    expect(state()).toMatchObject({ state: 'reconnecting', attempt: 2, cause: 'relay_down', since, next_try_at: since + 750 });
    await clock.advance(10_000);
    expect(home.dials, 'at 0, 0.75, 2.25 and 5.25 s, and the first').toBe(5);
    home.unreachable = 'home_offline';
    await clock.advance(10_000);
    home.unreachable = null;
    await clock.advance(30_000);
    expect(state().state).toBe('online');
    expect(returns).toHaveLength(1);
    expect(returns[0]).toMatchObject({ cause: 'relay_down' });
    expect(returns[0]?.away_ms).toBeGreaterThan(20_000);
  });

  it('a server that lets in and drops at once gets no storm', async () => {
    const { clock, home, online } = setUp();
    await online();
    for (let i = 0; i < 600; i++) {
      if (home.guests.length > i) home.guest.pair.cut();
      await clock.advance(1000);
    }
    expect(home.dials, 'in ten minutes').toBeLessThan(45);
  });

  it('a goodbye of the home server is home that is offline, not a broken line', async () => {
    const { clock, home, states, online } = setUp();
    await online();
    home.unreachable = 'home_offline';
    home.guest.pair.b.close({ kind: 'goodbye', detail: 'Stopping.' });
    await clock.advance(0);
    expect(states.filter(({ state }) => state === 'reconnecting').map((state) => 'cause' in state && state.cause)).toContain(
      'home_offline',
    );
    expect(states.some((state) => 'cause' in state && state.cause === 'broken')).toBe(false);
    await clock.advance(10_000);
    expect(states.at(-1), 'and it is still known after more attempts').toMatchObject({ state: 'reconnecting', goodbye: true });
    home.unreachable = null;
    await clock.advance(60_000);
    home.guest.pair.cut();
    await clock.advance(0);
    expect(states.at(-1), 'until it was back').not.toHaveProperty('goodbye');
  });

  it('without a network it does not try; with it, at once', async () => {
    const { clock, home, link, state, online, returns } = setUp();
    await online();
    link.setNetwork(false);
    home.guest.pair.cut();
    await clock.advance(3_600_000);
    expect(state()).toMatchObject({ state: 'reconnecting', cause: 'offline', next_try_at: null });
    expect(home.dials).toBe(1);
    link.setNetwork(true);
    await arrived();
    expect(state().state).toBe('online');
    expect(returns).toEqual([{ away_ms: 3_600_000, cause: 'offline', missed_events: 0, gap: false }]);
  });

  it('the network goes while it waits for the next try', async () => {
    const { clock, home, link, state } = setUp();
    home.unreachable = 'relay_down';
    link.start();
    await clock.advance(3000);
    const { dials } = home;
    link.setNetwork(false);
    await clock.advance(60_000);
    expect(home.dials).toBe(dials);
    expect(state()).toMatchObject({ state: 'reconnecting', cause: 'offline' });
  });

  it('close ends it for good, with a goodbye', async () => {
    const { clock, home, link, state, online } = setUp();
    await online();
    let end: unknown = null;
    home.guest.pair.b.onClose = (told) => {
      end = told;
    };
    link.close();
    await clock.advance(3_600_000);
    expect(state()).toEqual({ state: 'closed' });
    expect(end).toMatchObject({ kind: 'goodbye' });
    expect(home.dials).toBe(1);
    expect(clock.pending).toBe(0);
  });
});

describe('being alive', () => {
  it('users 15: beats as often as the welcome says', async () => {
    const { clock, home, online } = setUp();
    home.heartbeatMs = 10_000;
    await online();
    const before = home.pings;
    await clock.advance(60_000);
    expect(home.pings - before).toBe(6);
  });

  it('users 14: a line on which nothing is heard for 60 s is dead', async () => {
    const { clock, home, states, online } = setUp();
    await online();
    home.mute = true;
    await clock.advance(STALE_MS - 1);
    expect(states.at(-1)).toMatchObject({ state: 'online' });
    await clock.advance(1);
    expect(states.at(-1)).toMatchObject({ state: 'reconnecting', cause: 'broken' });
  });

  it('anything that is heard counts', async () => {
    const { clock, home, state, online } = setUp();
    await online();
    home.mute = true;
    for (let i = 0; i < 5; i++) {
      await clock.advance(STALE_MS - 1000);
      home.guest.output(1, 0, 'x');
      await arrived();
    }
    expect(state().state).toBe('online');
  });

  it('shows the round trip of the last beat', async () => {
    const { clock, home, state, online } = setUp();
    await online();
    home.held.add('ping');
    await clock.advance(HEARTBEAT_MS);
    await clock.advance(42);
    home.release();
    await arrived();
    expect(state()).toEqual({ state: 'online', rtt_ms: 42, via: 'relay' });
  });

  it('in front again: a dead line is found out within 3 s and replaced at once', async () => {
    const { clock, home, link, state, online } = setUp();
    await online();
    await clock.advance(20_000);
    home.mute = true;
    let known = false;
    const check = link.checkNow().then(() => {
      known = true;
    });
    await clock.advance(2999);
    expect([known, state().state]).toEqual([false, 'online']);
    home.mute = false;
    home.guest.pair.aToB.paused = true;
    await clock.advance(1);
    await check;
    expect(home.dials).toBe(2);
    expect(state().state).toBe('online');
  });

  it('in front again: a live line stays', async () => {
    const { clock, home, link, online } = setUp();
    await online();
    await link.checkNow();
    await clock.advance(10_000);
    expect(home.dials).toBe(1);
  });

  it('in front again while waiting for the next try: tries now', async () => {
    const { clock, home, link, state } = setUp();
    home.unreachable = 'home_offline';
    link.start();
    await clock.advance(100_000);
    home.unreachable = null;
    await link.checkNow();
    await arrived();
    expect(state().state).toBe('online');
  });

  it('G7: after eight hours of sleep it finds out by itself', async () => {
    const { clock, home, state, online } = setUp();
    await online();
    home.guest.pair.aToB.paused = true;
    clock.jump(8 * 3_600_000);
    await clock.advance(HEARTBEAT_MS + 3000);
    expect(home.dials).toBe(2);
    expect(state().state).toBe('online');
  });

  it('G7: a clock that is set back by a year stops nothing', async () => {
    const { clock, home, state, online } = setUp();
    await online();
    clock.jump(-365 * 24 * 3_600_000);
    await clock.advance(2 * HEARTBEAT_MS);
    expect(home.dials).toBe(1);
    home.guest.pair.aToB.paused = true;
    clock.jump(-365 * 24 * 3_600_000);
    await clock.advance(2 * STALE_MS);
    expect(state().state).toBe('online');
    expect(home.dials).toBe(2);
  });
});

describe('a home server that misbehaves', () => {
  it('sends what nobody asked for: ignored', async () => {
    const { home, link, state, online } = setUp();
    await online();
    const { b } = home.guest.pair;
    for (const text of [
      '',
      '{',
      '[]',
      '{"type":"response","id":"r999","payload":{"kind":"ok"}}',
      '{"type":"error","id":"","payload":{}}',
    ]) {
      b.sendText(text);
    }
    home.guest.output(77, 0, 'nobody attached');
    home.guest.respond('w2', 'welcome', { device_id: null, user: 'x', scopes: [], server_version: '9', heartbeat_ms: 1000, next_seq: 1 });
    await arrived();
    expect(state().state).toBe('online');
    expect(link.welcome?.server_version, 'the first welcome counts').toBe('0.1.0');
  });

  it('sends an oversized message: the line is given up', async () => {
    const { clock, home, states, online } = setUp();
    await online();
    home.guest.pair.b.sendText(`"${'x'.repeat(MAX_LINK_MESSAGE_BYTES)}"`);
    await clock.advance(0);
    expect(states.some((state) => state.state === 'reconnecting' && /too large/.test(state.detail))).toBe(true);
    expect(home.dials).toBe(2);
  });
});

describe('ready', () => {
  it('starts the link and waits for it', async () => {
    const { link } = setUp();
    await link.ready();
    expect(link.connection.value.state).toBe('online');
    await link.ready();
  });

  it('says at once that nobody is there, unless patient', async () => {
    const { clock, home, link } = setUp();
    home.unreachable = 'relay_down';
    const failure = expect(link.ready()).rejects.toMatchObject({ code: 'relay_unreachable' });
    await arrived();
    await failure;
    const patient = link.ready({ patient: true });
    home.unreachable = null;
    await clock.advance(5000);
    await patient;
  });

  it('gives up when told to', async () => {
    const { home, link } = setUp();
    home.mute = true;
    const stop = new AbortController();
    const waiting = link.ready({ signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(link.ready({ signal: stop.signal })).rejects.toThrow('enough');
  });
});

const ID = '01939b0e-7c1a-7d8e-8a43-0d6f2b1c9e55';
