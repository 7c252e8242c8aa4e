/** B14: what strangers send at random. Run in this process, so that any exception that nobody caught fails the test. */
import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { type RunningRelay, startRelay } from './start.ts';
import { dialPair, dialRaw, dialRawLeg, FIRST, newRoom, rawFrame } from './testing.ts';

/** 10^5 in a normal run; the full million with AFIELD_FUZZ_FRAMES=1000000. */
const FRAMES = Number(process.env.AFIELD_FUZZ_FRAMES ?? 100_000);
const FRAMES_A_SOCKET = 500;
const SEED = process.env.AFIELD_FUZZ_SEED ?? 'afield';

let relay: RunningRelay | undefined;
afterEach(async () => {
  await relay?.close();
  relay = undefined;
});

/** The same bytes for the same seed, so that a failure can be had again. */
function dice(name: string): (below: number) => number {
  let block = Buffer.alloc(0);
  let at = 0;
  let count = 0;
  return (below) => {
    if (at + 4 > block.length) {
      block = createHash('sha512').update(`${SEED} ${name} ${count++}`).digest();
      at = 0;
    }
    at += 4;
    return block.readUInt32BE(at - 4) % below;
  };
}

/** Mostly well-formed, so that a socket lives for a while; now and then anything. */
function randomFrame(roll: (below: number) => number): Buffer {
  const payload = Buffer.alloc(roll(20) === 0 ? roll(4000) : roll(130), roll(256));
  const dies = roll(400) === 0;
  const opcode = dies ? roll(16) : ([0x2, 0x2, 0x2, 0x1, 0x9, 0xa] as const)[roll(6)]!;
  const control = opcode >= 8 && !dies;
  const frame = rawFrame(control ? payload.subarray(0, 125) : payload, 0x80 | opcode | (dies ? roll(128) : 0));
  if (dies && roll(2) === 0) frame[roll(frame.length)] = roll(256);
  return frame;
}

describe('B14: random frames', () => {
  it(`B14: ${FRAMES} frames, paired and unpaired, from both sides: the relay lives and serves`, async () => {
    relay = await startRelay({ host: '127.0.0.1', port: 0, unpairedPerAddress: 1_000_000 });
    const { port } = relay;
    async function oneSocket(index: number): Promise<void> {
      const roll = dice(`socket ${index}`);
      const room = newRoom();
      const server = await dialRawLeg(port, room, 'server');
      const client = await dialRawLeg(port, room);
      if (index % 4 !== 0) client.socket.write(rawFrame(FIRST)); // every fourth stays unpaired for as long as it can
      const talker = index % 3 === 0 ? server : client;
      for (const leg of [server, client]) leg.socket.removeAllListeners('data').resume();
      for (let sent = 0; sent < FRAMES_A_SOCKET && !talker.socket.destroyed; sent++) talker.socket.write(randomFrame(roll));
      await new Promise<void>((resolve) => talker.socket.end(() => resolve()));
      for (const leg of [server, client]) leg.socket.destroy();
    }
    for (let index = 0; index < FRAMES / FRAMES_A_SOCKET; index += 10)
      await Promise.all(Array.from({ length: 10 }, (_, offset) => oneSocket(index + offset)));
    const { client, server } = await dialPair(relay.url);
    client.send(Buffer.from('after the storm'));
    expect((await server.take()).toString()).toBe('after the storm');
  }, 300_000);

  it('B14: random bytes instead of a request: answered or cut, and the relay lives', async () => {
    relay = await startRelay({ host: '127.0.0.1', port: 0, headerMs: 200 });
    const roll = dice('requests');
    const words = [
      'GET ',
      'POST ',
      '/',
      '//',
      '*',
      ' HTTP/1.1\r\n',
      ' HTTP/0.9\r\n',
      'Host: x\r\n',
      'Upgrade: websocket\r\n',
      'Connection: Upgrade\r\n',
    ];
    const more = [
      'Sec-WebSocket-Key: x\r\n',
      'Transfer-Encoding: chunked\r\n',
      'Content-Length: -1\r\n',
      '\r\n',
      '\0',
      '\n',
      ': ',
      'http://[::',
      '%',
      'é',
    ];
    const all = [...words, ...more];
    for (let index = 0; index < 500; index++) {
      const raw = await dialRaw(relay.port);
      const text = Array.from({ length: 1 + roll(12) }, () => all[roll(all.length)]).join('');
      raw.socket.end(roll(3) === 0 ? Buffer.from(text).reverse() : text);
      await raw.closed;
    }
    await dialPair(relay.url);
  });
});
