/** docs/security.md, section 5.B: what hostile or broken wires do. Raw sockets, so that no library keeps us from being rude. */
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import type { RelaySettings } from './settings.ts';
import { readSettings } from './settings.ts';
import { type RunningRelay, startRelay } from './start.ts';
import {
  closeCodeIn,
  dialClient,
  dialPair,
  dialRaw,
  dialRawLeg,
  dialServer,
  FIRST,
  newRoom,
  rawFrame,
  type TestRoom,
  until,
  upgradeRequest,
} from './testing.ts';

const relays: RunningRelay[] = [];
afterEach(async () => {
  await Promise.all(relays.splice(0).map((relay) => relay.close()));
});
async function relayWith(settings: Partial<RelaySettings> = {}): Promise<RunningRelay> {
  const relay = await startRelay({ host: '127.0.0.1', port: 0, ...settings });
  relays.push(relay);
  return relay;
}
/** A raw client, joined to an ordinary home server. */
async function rawPair(relay: RunningRelay, room: TestRoom = newRoom()) {
  const server = await dialServer(relay.url, room);
  const client = await dialRawLeg(relay.port, room);
  client.socket.write(rawFrame(FIRST));
  await server.take();
  return { server, client };
}

describe('B6: slow ones', () => {
  it('B6: the times add up to no more than 6 s', () => {
    const { headerMs, firstFrameMs } = readSettings();
    expect(headerMs + 1000).toBeLessThanOrEqual(6000); // Node looks once a second
    expect(firstFrameMs + 2000).toBeLessThanOrEqual(6000); // 2 s to answer our close
  });

  it.each([
    ['half a header', upgradeRequest(newRoom(), 'client').slice(0, 60)],
    ['nothing at all', ''],
    ['a body that never comes', 'POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab'],
  ])('B6: %s, then silence: the connection is closed', async (_what, bytes) => {
    const relay = await relayWith({ headerMs: 100 });
    const raw = await dialRaw(relay.port);
    raw.socket.write(bytes);
    await raw.closed;
  });

  it('B6: a header that dribbles in byte by byte is cut off', async () => {
    const relay = await relayWith({ headerMs: 100 });
    const raw = await dialRaw(relay.port);
    const dribble = setInterval(() => raw.socket.write('X'), 10);
    await raw.closed;
    clearInterval(dribble);
  });

  it('B6: a first frame that dribbles in is cut off, even if our close is not answered', async () => {
    const relay = await relayWith({ firstFrameMs: 50 });
    const raw = await dialRawLeg(relay.port, newRoom());
    const frame = rawFrame(Buffer.alloc(400));
    let at = 0;
    const dribble = setInterval(() => raw.socket.write(frame.subarray(at, ++at)), 10);
    expect(closeCodeIn(await raw.closed)).toBe(1008);
    clearInterval(dribble);
    await until(() => relay.present().sockets === 0);
  });

  it('B6: a pair that dribbles a frame in, byte by byte, cannot make the relay keep ever more pieces', async () => {
    const { server, client } = await rawPair(await relayWith());
    client.socket.setNoDelay(true);
    const frame = rawFrame(Buffer.alloc(60_000));
    for (let at = 0; at < 10_000 && closeCodeIn(client.seen()) === undefined; at++) {
      client.socket.write(frame.subarray(at, at + 1));
      await new Promise(setImmediate);
    }
    expect(closeCodeIn(client.seen())).toBe(1008);
    client.socket.destroy();
    expect((await server.closed).code).toBe(1001);
  });
});

describe('B7: frames that break the rules', () => {
  const payload = Buffer.alloc(65_536);
  const long = Buffer.concat([Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]), payload]);
  const cases: [string, Buffer, number][] = [
    ['64 KiB and a byte more than allowed', long, 1009],
    ['1 GiB declared', Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0]), 1009],
    ['2^63 declared', Buffer.from([0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]), 1009],
    ['unmasked', Buffer.from([0x82, 0x01, 0x00]), 1002],
    ['reserved bit 1', rawFrame(FIRST, 0xc2), 1002],
    ['reserved bit 2', rawFrame(FIRST, 0xa2), 1002],
    ['reserved bit 3', rawFrame(FIRST, 0x92), 1002],
    ['a reserved opcode', rawFrame(FIRST, 0x83), 1002],
    ['a continuation of nothing', rawFrame(FIRST, 0x80), 1002],
    ['a ping of 126 bytes', rawFrame(Buffer.alloc(126), 0x89), 1002],
    ['a fragmented ping', rawFrame(Buffer.alloc(1), 0x09), 1002],
    ['a close of one byte', rawFrame(Buffer.alloc(1), 0x88), 1002],
    [
      'fragments without end',
      Buffer.concat([rawFrame(Buffer.alloc(1), 0x02), ...Array.from({ length: 200 }, () => rawFrame(Buffer.alloc(1), 0x00))]),
      1008,
    ],
    [
      'fragments that add up to too much',
      Buffer.concat([rawFrame(Buffer.alloc(60_000), 0x02), rawFrame(Buffer.alloc(60_000), 0x80)]),
      1009,
    ],
  ];

  it.each(cases)('B7: %s, before pairing: closed, and the relay lives', async (_what, bytes, code) => {
    const relay = await relayWith();
    const raw = await dialRawLeg(relay.port, newRoom());
    raw.socket.write(bytes);
    await until(() => closeCodeIn(raw.seen()) !== undefined);
    expect(closeCodeIn(raw.seen())).toBe(code);
    raw.socket.destroy();
    await dialPair(relay.url);
  });

  it.each(cases)('B7: %s, within a pair: closed, and the other leg with 1001', async (_what, bytes, code) => {
    const relay = await relayWith();
    const { server, client } = await rawPair(relay);
    client.socket.write(bytes);
    await until(() => closeCodeIn(client.seen()) !== undefined);
    expect(closeCodeIn(client.seen())).toBe(code);
    client.socket.end();
    expect(await server.closed).toEqual({ code: 1001, reason: '' });
    expect(server.frames).toEqual([]);
    await dialPair(relay.url);
  });

  it('B7: the largest frame that is allowed passes', async () => {
    const relay = await relayWith();
    const { server, client } = await rawPair(relay);
    client.socket.write(rawFrame(Buffer.alloc(65_535, 3)));
    expect(await server.take()).toEqual(Buffer.alloc(65_535, 3));
  });
});

describe('B8: close codes', () => {
  const close = (code: number) => rawFrame(Buffer.from([code >> 8, code & 0xff]), 0x88);

  it.each([1005, 1006, 1015, 999, 1004, 2000, 5000])(
    'B8: a close frame with the forbidden code %i: the other leg gets 1001, and the relay lives',
    async (code) => {
      const relay = await relayWith();
      const { server, client } = await rawPair(relay);
      client.socket.write(close(code));
      client.socket.end();
      expect((await server.closed).code).toBe(1001);
      await dialPair(relay.url);
    },
  );

  it('B8: a close without a code is passed on as 1000', async () => {
    const { server, client } = await rawPair(await relayWith());
    client.socket.write(rawFrame(Buffer.alloc(0), 0x88));
    expect((await server.closed).code).toBe(1000);
  });

  it('B8: a line that breaks without a close is passed on as 1001', async () => {
    const { server, client } = await rawPair(await relayWith());
    client.socket.resetAndDestroy();
    expect((await server.closed).code).toBe(1001);
  });
});

describe('B9: a slow reader', () => {
  it('B9: stops its sender: of 256 MiB only what fits the buffers is taken; then nothing is missing', async () => {
    const relay = await relayWith();
    const { server, client } = await rawPair(relay);
    client.socket.pause();
    const [frames, size] = [4096, 65_535];
    for (let sent = 0; sent < frames; sent++) server.send(Buffer.alloc(size, sent));
    await until(() => relay.present().paused === 1);
    const http = relay.url.replace('ws:', 'http:');
    const taken = async () => Number(/^afield_relay_bytes_total (\d+)/m.exec(await (await fetch(`${http}/metrics`)).text())?.[1]);
    const before = await taken();
    for (let looks = 0; looks < 20; looks++) await fetch(`${http}/health`); // time passes for the relay
    expect(await taken()).toBe(before);
    expect(before).toBeLessThan(32 * 1_048_576); // 1 MiB of ours and what the kernel keeps for two sockets
    expect(server.ws.bufferedAmount).toBeGreaterThan(200 * 1_048_576); // the sender's to hold, not the relay's
    let received = 0;
    client.socket.removeAllListeners('data');
    client.socket.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    client.socket.resume();
    await until(() => received >= frames * (size + 4));
    expect(received).toBe(frames * (size + 4));
    expect(relay.present().paused).toBe(0);
  });
});

describe('B10: half-open lines', () => {
  it('B10: the times add up to no more than 60 s', () => {
    expect(readSettings().deadMs).toBeLessThanOrEqual(60_000);
  });

  it('B10: a spare that no longer answers is found and dropped; one that answers stays', async () => {
    const relay = await relayWith({ pingMs: 100, deadMs: 500 });
    const room = newRoom();
    const dead = await dialRawLeg(relay.port, room, 'server');
    await dialServer(relay.url, room);
    expect(relay.present().spares).toBe(2);
    await dead.closed;
    await until(() => relay.present().spares === 1);
  });

  it('B10: a client gets the newest spare, not the one whose cable was pulled', async () => {
    const relay = await relayWith();
    const room = newRoom();
    const pulled = await dialRawLeg(relay.port, room, 'server');
    const back = await dialServer(relay.url, room);
    (await dialClient(relay.url, room)).send(FIRST);
    expect(await back.take()).toEqual(FIRST);
    pulled.socket.destroy();
  });

  it('B10: a client that got a dead spare is let go, to dial again', async () => {
    const relay = await relayWith({ pingMs: 100, deadMs: 500 });
    const room = newRoom();
    await dialRawLeg(relay.port, room, 'server');
    const client = await dialClient(relay.url, room);
    client.send(FIRST);
    expect((await client.closed).code).toBe(1001);
  });

  it('B10: the pulse goes on after pairing, and a leg that answers lives on', async () => {
    const relay = await relayWith({ pingMs: 20, deadMs: 5000 });
    const { client, server } = await dialPair(relay.url);
    for (let pings = 0; pings < 10; pings++) await Promise.all([once(client.ws, 'ping'), once(server.ws, 'ping')]);
    client.send(Buffer.from('alive'));
    expect((await server.take()).toString()).toBe('alive');
  });
});

it('B11: a relay that restarts closes all with 1001, and its successor takes them back on the same port', async () => {
  const first = await relayWith();
  const { client, server, room } = await dialPair(first.url);
  const spare = await dialServer(first.url, room);
  await first.close();
  for (const leg of [client, server, spare]) expect((await leg.closed).code).toBe(1001);
  const second = await relayWith({ port: first.port });
  await dialPair(second.url, room);
});

it('B12: when all sockets are taken, new ones are refused and the old ones live', async () => {
  const relay = await relayWith({ maxSockets: 3 });
  const { client, server } = await dialPair(relay.url);
  const third = await dialClient(relay.url, newRoom());
  await expect(dialClient(relay.url, newRoom())).rejects.toThrow();
  client.send(Buffer.from('still here'));
  expect((await server.take()).toString()).toBe('still here');
  third.ws.terminate();
  await until(() => relay.present().sockets === 2);
  await dialClient(relay.url, newRoom());
});
