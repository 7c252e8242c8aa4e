import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { Legs } from './legs.ts';
import { Tally } from './metrics.ts';
import { readSettings } from './settings.ts';

class FakeWebSocket extends EventEmitter {
  isPaused = false;
  pings = 0;
  closedWith: number[] = [];
  terminated = false;
  ping(): void {
    this.pings += 1;
  }
  resume(): void {
    this.isPaused = false;
  }
  close(code: number): void {
    this.closedWith.push(code);
  }
  terminate(): void {
    if (this.terminated) return;
    this.terminated = true;
    this.emit('close', 1006);
  }
}

let time = 0;
beforeEach(() => {
  time = 0;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
});
afterEach(() => vi.useRealTimers());

function setUp() {
  const tally = new Tally();
  const legs = new Legs(readSettings(), tally, () => time);
  const add = (role: 'client' | 'server') => {
    const ws = new FakeWebSocket();
    const socket = { bytesRead: 0 };
    const release = vi.fn();
    legs.add(ws as unknown as WebSocket, socket as Socket, role, release);
    return { ws, leg: ws as unknown as WebSocket, socket, release };
  };
  return { legs, tally, add };
}
/** Time passes, second by second. */
function pass(seconds: number, everySecond = () => {}): void {
  for (let second = 0; second < seconds; second++) {
    time += 1000;
    everySecond();
    vi.advanceTimersByTime(1000);
  }
}

describe('the pulse', () => {
  it('pings every 25 s, paired or not', () => {
    const { legs, add } = setUp();
    const { ws, leg, socket } = add('client');
    pass(50, () => socket.bytesRead++);
    expect(ws.pings).toBe(2);
    legs.paired(leg);
    pass(50, () => socket.bytesRead++);
    expect(ws.pings).toBe(4);
  });

  it('B10: finds a silent leg after two unanswered pings, within 60 s', () => {
    const { tally, add } = setUp();
    const { ws } = add('server');
    pass(49);
    expect(ws.terminated).toBe(false);
    pass(11);
    expect(ws.terminated).toBe(true);
    expect(tally.deaths).toBe(1);
  });

  it('takes a leg that sends anything for alive, a pong as well as a frame', () => {
    const { add } = setUp();
    const { ws, socket } = add('server');
    let second = 0;
    pass(600, () => {
      if (second++ % 40 === 0) socket.bytesRead += 6;
    });
    expect(ws.terminated).toBe(false);
  });

  it('does not take a leg for dead that we do not read from', () => {
    const { add } = setUp();
    const { ws } = add('server');
    ws.isPaused = true;
    pass(300);
    expect(ws.terminated).toBe(false);
    ws.isPaused = false;
    pass(60);
    expect(ws.terminated).toBe(true);
  });

  it('takes nobody for dead because the machine slept', () => {
    const { add } = setUp();
    const { ws } = add('server');
    pass(10);
    time += 3_600_000;
    pass(45);
    expect(ws.terminated).toBe(false);
  });
});

describe('an unpaired client', () => {
  it('is closed after 3 s of silence, and cut 2 s later if it does not answer', () => {
    const { legs, tally, add } = setUp();
    const { ws, leg, release } = add('client');
    legs.awaitFirstFrame(leg, () => {});
    pass(2);
    expect(ws.closedWith).toEqual([]);
    pass(1);
    expect(ws.closedWith).toEqual([1008]);
    pass(2);
    expect(ws.terminated).toBe(true);
    expect(release).toHaveBeenCalled();
    expect(legs.size).toBe(0);
    expect(tally).toMatchObject({ turnedAway: 1 });
    expect([...tally.expelled]).toEqual([[1008, 1]]);
  });

  it('is closed with 1013 after 8 s without a spare', () => {
    const { legs, add } = setUp();
    const { ws, leg } = add('client');
    legs.awaitFirstFrame(leg, () => {});
    ws.emit('message', Buffer.alloc(65), true);
    pass(7);
    expect(ws.closedWith).toEqual([]);
    pass(1);
    expect(ws.closedWith).toEqual([1013]);
  });

  it('is not counted any more once it is paired, and has no limit of time', () => {
    const { legs, tally, add } = setUp();
    const { ws, leg, socket, release } = add('client');
    legs.awaitFirstFrame(leg, () => {});
    ws.emit('message', Buffer.alloc(65), true);
    legs.paired(leg);
    expect(release).toHaveBeenCalledOnce();
    pass(100, () => socket.bytesRead++);
    expect(ws.closedWith).toEqual([]);
    expect(legs.counts()).toEqual({ pairs: 1, paused: 0 });
    ws.emit('close', 1000);
    expect(legs.counts()).toEqual({ pairs: 0, paused: 0 });
    expect(tally.turnedAway).toBe(0);
  });
});

describe('the end', () => {
  it('closes all with 1001 and cuts those that do not answer in time', async () => {
    const { legs, add } = setUp();
    const [polite, deaf] = [add('client').ws, add('server').ws];
    deaf.isPaused = true;
    const closed = legs.close(1000);
    polite.emit('close', 1001);
    expect([polite.closedWith, deaf.closedWith]).toEqual([[1001], [1001]]);
    expect(deaf.isPaused).toBe(false);
    vi.advanceTimersByTime(1000);
    expect(deaf.terminated).toBe(true);
    await closed;
    expect(vi.getTimerCount()).toBe(0);
  });
});
