import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { CLOSE, sendableCode } from '@afield/shared/rendezvous.ts';
import { describe, expect, it, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { createRelay, type Meter } from './relay.ts';
import { FIRST } from './testing.ts';

/** A leg without a socket: what was sent to it, and when its line takes it, is the test's. */
class FakeLeg extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  isPaused = false;
  bufferedAmount = 0;
  readonly sent: { data: Buffer; binary: boolean }[] = [];
  readonly closedWith: number[] = [];
  readonly #taken: (() => void)[] = [];
  /** Whether the line takes everything at once. */
  fast = true;

  send(data: Buffer, { binary }: { binary: boolean }, done: () => void): void {
    this.sent.push({ data, binary });
    this.bufferedAmount += data.length;
    this.#taken.push(() => {
      this.bufferedAmount -= data.length;
      done();
    });
    if (this.fast) this.take();
  }
  /** The line takes the oldest `count` frames. */
  take(count = this.#taken.length): void {
    for (const taken of this.#taken.splice(0, count)) taken();
  }
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
  }
  close(code: number): void {
    this.closedWith.push(code);
    this.readyState = 2;
  }
  /** The other end sends. */
  says(data: Buffer, binary = true): void {
    this.emit('message', data, binary);
  }
  get leg(): WebSocket {
    return this as unknown as WebSocket;
  }
}

const RULES = { spares: 8, waiting: 16, pauseBytes: 1_048_576, resumeBytes: 262_144 };
const unmetered: Meter = () => false;

function setUp(rules = RULES, meter: Meter = unmetered) {
  const paired = vi.fn();
  return { ...createRelay(rules, () => meter, paired), paired };
}

function pairOf(rules = RULES, meter: Meter = unmetered) {
  const relay = setUp(rules, meter);
  const [client, server] = [new FakeLeg(), new FakeLeg()];
  relay.addServer('room', server.leg);
  relay.addClient('room', client.leg, FIRST);
  return { relay, client, server };
}

describe('pairing', () => {
  it('gives a client one spare, which gets the held frame', () => {
    const { relay, client, server } = pairOf();
    expect(server.sent).toEqual([{ data: FIRST, binary: true }]);
    expect(relay.paired).toHaveBeenCalledExactlyOnceWith(client, server);
    expect(relay.rooms.size).toBe(0);
  });

  it('pairs each client with a spare of its own, the newest first', () => {
    const relay = setUp();
    const servers = [new FakeLeg(), new FakeLeg(), new FakeLeg()] as const;
    for (const server of servers) relay.addServer('room', server.leg);
    relay.addClient('room', new FakeLeg().leg, Buffer.from('a'));
    relay.addClient('room', new FakeLeg().leg, Buffer.from('b'));
    expect(servers.map((server) => server.sent.map(({ data }) => data.toString()))).toEqual([[], ['b'], ['a']]);
  });

  it('lets a client wait until a spare comes, the first that came first', () => {
    const relay = setUp();
    relay.addClient('room', new FakeLeg().leg, Buffer.from('a'));
    relay.addClient('room', new FakeLeg().leg, Buffer.from('b'));
    const server = new FakeLeg();
    relay.addServer('room', server.leg);
    expect(server.sent.map(({ data }) => data.toString())).toEqual(['a']);
    expect(relay.rooms.get('room')?.waiting.size).toBe(1);
  });

  it('never joins two rooms', () => {
    const relay = setUp();
    const server = new FakeLeg();
    relay.addServer('one', server.leg);
    relay.addClient('other', new FakeLeg().leg, FIRST);
    expect(server.sent).toEqual([]);
    expect(relay.paired).not.toHaveBeenCalled();
  });

  it('keeps at most 8 spares: a new one takes the place of the oldest, which gets 1013', () => {
    const relay = setUp();
    const servers = Array.from({ length: 10 }, () => new FakeLeg());
    for (const server of servers) relay.addServer('room', server.leg);
    expect(servers.map((server) => server.closedWith)).toEqual([[1013], [1013], [], [], [], [], [], [], [], []]);
    expect(relay.rooms.get('room')?.spares.size).toBe(8);
  });

  it('works with room for one spare only', () => {
    const relay = setUp({ ...RULES, spares: 1 });
    const [old, fresh] = [new FakeLeg(), new FakeLeg()];
    relay.addServer('room', old.leg);
    relay.addServer('room', fresh.leg);
    relay.addClient('room', new FakeLeg().leg, FIRST);
    expect(old.closedWith).toEqual([1013]);
    expect(fresh.sent).toHaveLength(1);
  });

  it('lets at most 16 clients wait; the next gets 1013', () => {
    const relay = setUp();
    const clients = Array.from({ length: 17 }, () => new FakeLeg());
    for (const client of clients) relay.addClient('room', client.leg, FIRST);
    expect(clients.filter((client) => client.closedWith.length > 0)).toEqual([clients[16]]);
    expect(clients[16]?.closedWith).toEqual([CLOSE.tryLater]);
  });

  it('passes over legs that are on their way out', () => {
    const relay = setUp();
    const [alive, leaving, gone] = [new FakeLeg(), new FakeLeg(), new FakeLeg()];
    for (const server of [alive, leaving, gone]) relay.addServer('room', server.leg);
    leaving.readyState = 2;
    gone.emit('close', 1006);
    relay.addClient('room', new FakeLeg().leg, FIRST);
    expect(alive.sent).toHaveLength(1);
  });

  it('forgets a room when nobody waits in it any more', () => {
    const relay = setUp();
    const [server, client] = [new FakeLeg(), new FakeLeg()];
    relay.addServer('a', server.leg);
    relay.addClient('b', client.leg, FIRST);
    expect(relay.rooms.size).toBe(2);
    server.emit('close', 1000);
    client.emit('close', 1000);
    expect(relay.rooms.size).toBe(0);
  });
});

describe('forwarding', () => {
  it('passes the very same buffer on, text as text, both ways', () => {
    const { client, server } = pairOf();
    const [up, down] = [Buffer.from('up'), Buffer.from('down')];
    client.says(up);
    server.says(down, false);
    expect(server.sent[1]?.data).toBe(up);
    expect(client.sent[0]).toEqual({ data: down, binary: false });
    expect(client.sent[0]?.data).toBe(down);
  });

  it('stops reading above 1 MiB unsent and reads on at 256 KiB', () => {
    const { client, server } = pairOf();
    client.fast = false;
    const frame = Buffer.alloc(65_535);
    let sent = 0;
    while (!server.isPaused) {
      server.says(frame);
      sent += 1;
    }
    expect((sent - 1) * frame.length).toBeLessThanOrEqual(1_048_576);
    expect(sent * frame.length).toBeGreaterThan(1_048_576);
    while (client.bufferedAmount - frame.length > 262_144) {
      client.take(1);
      expect(server.isPaused).toBe(true);
    }
    client.take(1);
    expect(server.isPaused).toBe(false);
    expect(client.sent).toHaveLength(sent);
  });

  it('holds up only the direction that is slow', () => {
    const { client, server } = pairOf();
    client.fast = false;
    for (let sent = 0; sent < 20; sent++) server.says(Buffer.alloc(65_535));
    client.says(Buffer.from('still heard'));
    expect(server.sent.at(-1)?.data.toString()).toBe('still heard');
    expect(client.isPaused).toBe(false);
  });

  it('stops reading while the room must rest, even when the line is free', () => {
    let rested = () => {};
    let resting = false;
    const meter: Meter = (_bytes, wake) => {
      rested = wake;
      return resting;
    };
    const { client, server } = pairOf(RULES, meter);
    resting = true;
    client.says(Buffer.from('one too many'));
    expect(client.isPaused).toBe(true);
    expect(server.sent).toHaveLength(2);
    rested();
    expect(client.isPaused).toBe(true);
    resting = false;
    rested();
    expect(client.isPaused).toBe(false);
  });
});

describe('the end of a pair', () => {
  it('closes the other leg with the same code, and forwards nothing any more', () => {
    const { client, server } = pairOf();
    server.emit('close', 1008);
    client.says(Buffer.from('too late'));
    expect(client.closedWith).toEqual([1008]);
    expect(server.sent).toHaveLength(1);
  });

  it('lets a leg that was held up read the answer to its close', () => {
    const { client, server } = pairOf();
    client.fast = false;
    for (let sent = 0; sent < 20; sent++) server.says(Buffer.alloc(65_535));
    expect(server.isPaused).toBe(true);
    client.emit('close', 1006);
    expect(server.isPaused).toBe(false);
    expect(server.closedWith).toEqual([CLOSE.goingAway]);
  });

  it.each([
    [1000, 1000],
    [1001, 1001],
    [1008, 1008],
    [1009, 1009],
    [1011, 1011],
    [1013, 1013],
    [3000, 3000],
    [4999, 4999],
    [1005, 1000],
    [1006, 1001],
    [1004, 1001],
    [1015, 1001],
    [999, 1001],
    [0, 1001],
    [2999, 1001],
    [5000, 1001],
  ])('B8: %i is passed on as %i', (code, sent) => {
    expect(sendableCode(code)).toBe(sent);
  });
});

describe('the page itself', () => {
  const source = readFileSync(new URL('relay.ts', import.meta.url), 'utf8');

  it('fits on one page', () => {
    expect(source.trimEnd().split('\n').length).toBeLessThanOrEqual(60);
  });

  it('imports the rendezvous and ws, nothing that could read a frame', () => {
    const imports = [...source.matchAll(/from '([^']+)'/g)].map(([, name]) => name);
    expect(imports).toEqual(['@afield/shared/rendezvous.ts', 'ws']);
  });
});
