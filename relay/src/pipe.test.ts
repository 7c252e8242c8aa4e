/** The relay as its two ends see it: docs/protocol.md, section 1, rule by rule, over real sockets. */
import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { RelaySettings } from './settings.ts';
import { type RunningRelay, startRelay } from './start.ts';
import { dialClient, dialPair, dialServer, FIRST, newRoom, until } from './testing.ts';

const relays: RunningRelay[] = [];
afterEach(async () => {
  await Promise.all(relays.splice(0).map((relay) => relay.close()));
});
async function relayWith(settings: Partial<RelaySettings> = {}): Promise<RunningRelay> {
  const relay = await startRelay({ host: '127.0.0.1', port: 0, ...settings });
  relays.push(relay);
  return relay;
}

describe('the rendezvous', () => {
  it('answers afield.v1, never the room', async () => {
    const { url } = await relayWith();
    const room = newRoom();
    expect((await dialServer(url, room)).ws.protocol).toBe('afield.v1');
    expect((await dialClient(url, room)).ws.protocol).toBe('afield.v1');
  });

  it('accepts any path, so that a proxy may put it anywhere', async () => {
    const { url } = await relayWith();
    const room = newRoom();
    const server = await dialServer(url, room, { path: '/relay' });
    (await dialClient(url, room, { path: '/some/where?x=1' })).send(FIRST);
    expect(await server.take()).toEqual(FIRST);
  });

  it('refuses a secret that is not the one of the room with 401', async () => {
    const { url } = await relayWith();
    await expect(dialServer(url, { ...newRoom(), secret: newRoom().secret })).rejects.toThrow('HTTP 401');
  });

  it('offers no compression', async () => {
    const { url } = await relayWith();
    const leg = await dialClient(url, newRoom());
    expect(leg.ws.extensions).toBe('');
  });
});

describe('the first frame', () => {
  it('is held until there is a spare', async () => {
    const relay = await relayWith();
    const room = newRoom();
    const client = await dialClient(relay.url, room);
    client.send(FIRST);
    await until(() => relay.present().waiting === 1);
    const server = await dialServer(relay.url, room);
    expect(await server.take()).toEqual(FIRST);
    expect(relay.present()).toMatchObject({ pairs: 1, spares: 0, waiting: 0, rooms: 0 });
  });

  it('must come within 3 s: a silent client is closed with 1008', async () => {
    const relay = await relayWith({ firstFrameMs: 30 });
    const client = await dialClient(relay.url, newRoom());
    expect(await client.closed).toEqual({ code: 1008, reason: '' });
  });

  it.each([
    ['a text frame', 'hello'],
    ['513 bytes', Buffer.alloc(513)],
  ])('must be binary and no more than 512 bytes: %s is closed with 1008, and no spare is used', async (_what, frame) => {
    const relay = await relayWith();
    const room = newRoom();
    await dialServer(relay.url, room);
    const client = await dialClient(relay.url, room);
    client.send(frame);
    expect((await client.closed).code).toBe(1008);
    expect(relay.present().spares).toBe(1);
  });

  it('may have exactly 512 bytes', async () => {
    const { url } = await relayWith();
    const room = newRoom();
    const server = await dialServer(url, room);
    (await dialClient(url, room)).send(Buffer.alloc(512, 5));
    expect(await server.take()).toEqual(Buffer.alloc(512, 5));
  });

  it('is the only one until the client is paired: a second is closed with 1008', async () => {
    const relay = await relayWith();
    const client = await dialClient(relay.url, newRoom());
    client.send(FIRST);
    client.send(FIRST);
    expect((await client.closed).code).toBe(1008);
  });

  it('is never sent by a home server: a spare that speaks is closed with 1008', async () => {
    const relay = await relayWith();
    const server = await dialServer(relay.url, newRoom());
    server.send(FIRST);
    expect((await server.closed).code).toBe(1008);
    await until(() => relay.present().rooms === 0);
  });

  it('closes a client with 1013 when no spare comes in time', async () => {
    const { url } = await relayWith({ waitMs: 30 });
    const client = await dialClient(url, newRoom());
    client.send(FIRST);
    expect(await client.closed).toEqual({ code: 1013, reason: '' });
  });

  it('pairs for good: no wait is left running', async () => {
    const { url } = await relayWith({ waitMs: 50, firstFrameMs: 50 });
    const { client, server } = await dialPair(url);
    const lonely = await dialClient(url, newRoom()); // came later, so its time is over later
    lonely.send(FIRST);
    expect((await lonely.closed).code).toBe(1013);
    client.send(Buffer.from('later'));
    expect((await server.take()).toString()).toBe('later');
  });
});

describe('the pipe', () => {
  it('forwards random bytes unchanged and in order, both ways at once', async () => {
    const { url } = await relayWith();
    const { client, server } = await dialPair(url);
    const sizes = [0, 1, 125, 126, 127, 1000, 16_384, 65_535];
    const up = Array.from({ length: 200 }, (_, index) => randomBytes(sizes[index % sizes.length] ?? 0));
    const down = up.map((frame) => randomBytes(frame.length));
    for (const [index, frame] of up.entries()) {
      client.send(frame);
      server.send(down[index] ?? frame);
    }
    for (const frame of up) expect((await server.take()).equals(frame)).toBe(true);
    for (const frame of down) expect((await client.take()).equals(frame)).toBe(true);
  });

  it('forwards a text frame as text, even one that is not UTF-8: to refuse it is the channel’s business', async () => {
    const { url } = await relayWith();
    const { client, server } = await dialPair(url);
    client.ws.send(Buffer.from('text'), { binary: false });
    await server.take();
    client.ws.send(Buffer.from('text'), { binary: false });
    client.ws.send(Buffer.from([1]), { binary: true });
    await until(() => server.frames.length === 2);
    expect(server.frames.map(({ binary }) => binary)).toEqual([false, true]);
    client.ws.send(Buffer.from([0xff, 0xfe]), { binary: false });
    expect((await server.closed).code).toBe(1006); // the receiving end found it; the relay had passed it on
  });

  it('keeps pairs apart', async () => {
    const { url } = await relayWith();
    const pairs = await Promise.all(Array.from({ length: 10 }, () => dialPair(url)));
    for (const [index, { client }] of pairs.entries()) client.send(Buffer.from([index]));
    for (const [index, { server }] of pairs.entries()) expect(await server.take()).toEqual(Buffer.from([index]));
  });

  it.each([1000, 1001, 1008, 1013, 3000, 4321])('passes close code %i on, without a reason', async (code) => {
    const { url } = await relayWith();
    const { client, server } = await dialPair(url);
    server.ws.close(code, 'a secret reason');
    expect(await client.closed).toEqual({ code, reason: '' });
  });

  it('hands over everything that was sent before a close', async () => {
    const { url } = await relayWith();
    const { client, server } = await dialPair(url);
    for (let sent = 0; sent < 100; sent++) server.send(Buffer.alloc(16_384, sent));
    server.ws.close(1000);
    expect((await client.closed).code).toBe(1000);
    expect(client.frames.map(({ data }) => data[0])).toEqual(Array.from({ length: 100 }, (_, index) => index));
  });

  it('holds a room to its byte rate, and loses nothing by it', async () => {
    const relay = await relayWith({ roomBytesPerSecond: 400_000 });
    const { client, server } = await dialPair(relay.url);
    for (let sent = 0; sent < 60; sent++) server.send(Buffer.alloc(10_000, sent));
    await until(() => relay.present().paused === 1);
    for (let taken = 0; taken < 60; taken++) expect((await client.take())[0]).toBe(taken);
    await until(() => relay.present().paused === 0);
  });
});

describe('settings', () => {
  it('several relays live in one process and know nothing of each other', async () => {
    const [one, other] = [await relayWith(), await relayWith()];
    const room = newRoom();
    await dialServer(one.url, room);
    const client = await dialClient(other.url, room);
    client.send(FIRST);
    await until(() => other.present().waiting === 1);
    expect(one.present()).toMatchObject({ spares: 1, waiting: 0 });
  });

  it('says who to look for when the port is taken, and how to choose another', async () => {
    const { port } = await relayWith();
    await expect(startRelay({ host: '127.0.0.1', port })).rejects.toThrow(new RegExp(`Port ${port} .*taken.*ss -ltnp.*PORT=`));
  });

  it('says what is wrong with an address that is not of this machine', async () => {
    await expect(startRelay({ host: '192.0.2.1', port: 0 })).rejects.toThrow('HOST=127.0.0.1');
  });
});
