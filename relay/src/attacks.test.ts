/** docs/security.md, section 5.B, as far as it touches who is let in and who gets what. The wire itself is in wire-attacks.test.ts. */
import { afterEach, describe, expect, it } from 'vitest';
import { createLog } from './log.ts';
import type { RelaySettings } from './settings.ts';
import { type RunningRelay, startRelay } from './start.ts';
import { dialClient, dialPair, dialRaw, dialServer, FIRST, newRoom, type TestLeg, until, upgradeRequest } from './testing.ts';

const relays: RunningRelay[] = [];
const lines: string[] = [];
afterEach(async () => {
  await Promise.all(relays.splice(0).map((relay) => relay.close()));
  lines.length = 0;
});
async function relayWith(settings: Partial<RelaySettings> = {}): Promise<RunningRelay> {
  const relay = await startRelay(
    { host: '127.0.0.1', port: 0, ...settings },
    createLog((line) => lines.push(line), settings.log ?? 'info'),
  );
  relays.push(relay);
  return relay;
}
/** As if from another address, through a proxy. */
const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });

describe('B1: a client that poses as the home server', () => {
  it('B1: with the room as its secret is refused', async () => {
    const { url } = await relayWith();
    const room = newRoom();
    await expect(dialServer(url, { name: room.name, secret: room.name })).rejects.toThrow('HTTP 401');
  });

  it('B1: with a secret of its own lands in a room of its own', async () => {
    const relay = await relayWith();
    const [room, own] = [newRoom(), newRoom()];
    const impostor = await dialServer(relay.url, own);
    const server = await dialServer(relay.url, room);
    const client = await dialClient(relay.url, room);
    client.send(FIRST);
    expect(await server.take()).toEqual(FIRST);
    expect(impostor.frames).toEqual([]);
  });

  it('B1: without a secret is a client: another client never reaches it', async () => {
    const relay = await relayWith({ waitMs: 50 });
    const room = newRoom();
    const impostor = await dialClient(relay.url, room);
    const client = await dialClient(relay.url, room);
    client.send(FIRST);
    expect((await client.closed).code).toBe(1013);
    expect(impostor.frames).toEqual([]);
  });
});

it('B2: a guessed room waits and is closed just as one whose home server is busy', async () => {
  const relay = await relayWith({ waitMs: 100 });
  const { room } = await dialPair(relay.url); // its only spare is taken
  const [guess, busy] = [await dialClient(relay.url, newRoom()), await dialClient(relay.url, room)];
  guess.send(FIRST);
  busy.send(FIRST);
  await until(() => relay.present().waiting === 2);
  const ends = await Promise.all([guess.closed, busy.closed]);
  expect(ends[0]).toEqual(ends[1]);
  expect(ends[0]).toEqual({ code: 1013, reason: '' });
  expect([guess.frames, busy.frames]).toEqual([[], []]);
});

it('B2: a room that is not on the list answers a client as an unknown one does', async () => {
  const relay = await relayWith({ waitMs: 50, rooms: new Set([newRoom().name]) });
  const client = await dialClient(relay.url, newRoom());
  client.send(FIRST);
  await until(() => relay.present().waiting === 1);
  expect(await client.closed).toEqual({ code: 1013, reason: '' });
});

it('B3: 1,000 silent clients use no spare, and the one that speaks gets one', async () => {
  const relay = await relayWith({ firstFrameMs: 60_000 });
  const room = newRoom();
  const server = await dialServer(relay.url, room);
  for (let batch = 0; batch < 10; batch++) await Promise.all(Array.from({ length: 100 }, () => dialClient(relay.url, room)));
  expect(relay.present()).toMatchObject({ sockets: 1001, spares: 1, waiting: 0, pairs: 0 });
  (await dialClient(relay.url, room)).send(FIRST);
  expect(await server.take()).toEqual(FIRST);
});

describe('B4: a flood from one address', () => {
  it('B4: of silent clients: the fifth is refused, other addresses come in', async () => {
    const { url } = await relayWith({ trustProxy: 1 });
    const room = newRoom();
    await dialServer(url, room, from('203.0.113.1'));
    for (let count = 0; count < 4; count++) await dialClient(url, room, from('198.51.100.66'));
    await expect(dialClient(url, room, from('198.51.100.66'))).rejects.toThrow('HTTP 429');
    await expect(dialClient(url, room, from('1.1.1.1, 198.51.100.66'))).rejects.toThrow('HTTP 429'); // forging a header does not help
    await dialClient(url, room, from('198.51.100.67'));
  });

  it('B4: from all over an IPv6 /64 counts as one address', async () => {
    const { url } = await relayWith({ trustProxy: 1 });
    for (let count = 0; count < 4; count++) await dialClient(url, newRoom(), from(`2001:db8:0:1::${count}`));
    await expect(dialClient(url, newRoom(), from('2001:db8:0:1:ffff::1'))).rejects.toThrow('HTTP 429');
    await dialClient(url, newRoom(), from('2001:db8:0:2::1'));
  });

  it('B4: of connects: the 31st within a minute is refused, other addresses come in', async () => {
    const { url } = await relayWith({ trustProxy: 1 });
    const bad = from('198.51.100.66');
    for (let count = 0; count < 30; count++) {
      const leg = await dialClient(url, newRoom(), bad);
      leg.ws.close();
      await leg.closed;
    }
    await expect(dialClient(url, newRoom(), bad)).rejects.toThrow('HTTP 429');
    await dialClient(url, newRoom(), from('198.51.100.67'));
  });

  it('B4: of TCP connections that say nothing: beyond 32 they are cut, other addresses come in', async () => {
    const relay = await relayWith({ limitLoopback: true, headerMs: 60_000 });
    const flood = await Promise.all(Array.from({ length: 40 }, () => dialRaw(relay.port, '127.0.0.2')));
    await Promise.race(flood.map(({ closed }) => closed));
    await until(() => flood.filter(({ socket }) => socket.destroyed).length === 8);
    await dialPair(relay.url);
    for (const { socket } of flood) socket.destroy();
  });

  it('B4: a home server’s spares do not eat the share of clients behind the same address', async () => {
    const { url } = await relayWith({ limitLoopback: true });
    const room = newRoom();
    const servers: TestLeg[] = [];
    for (let count = 0; count < 8; count++) servers.push(await dialServer(url, room));
    for (let count = 0; count < 8; count++) (await dialClient(url, room)).send(FIRST);
    for (const server of servers) expect(await server.take()).toEqual(FIRST);
  });
});

it('B5: a flood from many addresses into one room: at most 16 wait, the log tells, and a new room works at once', async () => {
  const relay = await relayWith({ trustProxy: 1, waitMs: 60_000 });
  const leaked = newRoom();
  let most = 0;
  for (let batch = 0; batch < 6; batch++) {
    const flood = await Promise.all(
      Array.from({ length: 25 }, (_, index) => dialClient(relay.url, leaked, from(`10.1.${batch}.${index}`))),
    );
    for (const client of flood) client.send(FIRST);
    await until(() => relay.present().sockets <= 16);
    most = Math.max(most, relay.present().waiting);
  }
  expect(most).toBe(16);
  const rotated = newRoom();
  const server = await dialServer(relay.url, rotated, from('203.0.113.1'));
  (await dialClient(relay.url, rotated, from('203.0.113.2'))).send(FIRST);
  expect(await server.take()).toEqual(FIRST);
  await relay.close();
  expect(lines.map((line) => JSON.parse(line))).toContainEqual(expect.objectContaining({ level: 'warn', event: 'under_pressure' }));
});

describe('B13: use by an unknown home server', () => {
  it('B13: is refused where rooms are listed; the listed one comes in', async () => {
    const room = newRoom();
    const { url } = await relayWith({ rooms: new Set([room.name]) });
    await expect(dialServer(url, newRoom())).rejects.toThrow('HTTP 403');
    await dialPair(url, room);
  });

  it('B13: is warned of at start where none are, unless only this machine can come in', async () => {
    await relayWith({ host: '0.0.0.0' });
    expect(lines.join('\n')).toContain('open_to_any_home_server');
    lines.length = 0;
    await relayWith({ host: '0.0.0.0', rooms: new Set([newRoom().name]) });
    await relayWith({ host: '127.0.0.1' });
    expect(lines.join('\n')).not.toContain('open_to_any_home_server');
    await relayWith({ host: '127.0.0.1', trustProxy: 1 });
    expect(lines.join('\n')).toContain('open_to_any_home_server');
  });
});

describe('B15: headers', () => {
  it.each([
    ['a huge one', [`X-Junk: ${'x'.repeat(20_000)}`]],
    ['very many', Array.from({ length: 3000 }, (_, index) => `X-${index}: 1`)],
  ])('B15: %s are answered with 431', async (_what, more) => {
    const relay = await relayWith();
    const raw = await dialRaw(relay.port);
    raw.socket.write(upgradeRequest(newRoom(), 'client', more));
    expect((await raw.closed).toString()).toMatch(/^HTTP\/1\.1 431 /);
    await dialPair(relay.url);
  });

  it.each([
    ['100 sub-protocols', `Sec-WebSocket-Protocol: ${Array.from({ length: 100 }, (_, index) => `p${index}`).join(', ')}`],
    ['a second pair of them', `Sec-WebSocket-Protocol: afield.v1, ${newRoom().name}`],
  ])('B15: %s are answered with 400', async (_what, more) => {
    const relay = await relayWith();
    const raw = await dialRaw(relay.port);
    raw.socket.write(upgradeRequest(newRoom(), 'client', [more]));
    expect((await raw.closed).toString()).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe('what the relay tells', () => {
  it('never names a room, a secret or an address in its log, nor in /metrics and /health', async () => {
    const relay = await relayWith({ trustProxy: 1 });
    const { room, client } = await dialPair(relay.url);
    const server = await dialServer(relay.url, room, from('203.0.113.77'));
    await expect(dialServer(relay.url, { ...room, secret: newRoom().secret }, from('203.0.113.77'))).rejects.toThrow('HTTP 401');
    const http = relay.url.replace('ws:', 'http:');
    const told = [await (await fetch(`${http}/metrics`)).text(), await (await fetch(`${http}/health`)).text()];
    client.ws.close();
    await until(() => relay.present().pairs === 0);
    server.ws.close();
    await relay.close();
    const all = [...told, ...lines].join('\n');
    for (const secret of [room.name, room.secret, '203.0.113.77']) expect(all).not.toContain(secret);
    expect(lines.length).toBeGreaterThan(2);
  });

  it('names them when told to debug', async () => {
    const relay = await relayWith({ log: 'debug' });
    const { room } = await dialPair(relay.url);
    expect(lines.join('\n')).toContain(room.name);
    expect(lines.join('\n')).toContain('127.0.0.1');
  });

  it.each([
    [0, from('203.0.113.77'), 'proxy_not_trusted'],
    [1, {}, 'proxy_header_missing'],
  ])('says once when the number of trusted proxies (%i) does not fit what comes', async (trustProxy, options, event) => {
    const { url } = await relayWith({ trustProxy });
    await dialClient(url, newRoom(), options);
    await dialClient(url, newRoom(), options);
    expect(lines.filter((line) => line.includes(event))).toHaveLength(1);
  });
});
