/** Nothing readable on the wire: what a relay sees of a session is neither input nor output. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type House, startHouse, until } from './kit.ts';
import { openPhone, type Phone } from './phone.ts';
import { pair, screenText, startSession, typeLine } from './steps.ts';

/** Sits before the relay and keeps every byte of both directions, of the phone and of the home server. */
class Tap {
  readonly chunks: Buffer[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(relayPort: () => number) {
    this.#server = createServer((near) => {
      const far = connect(relayPort(), '127.0.0.1');
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from);
        from.on('data', (chunk) => this.chunks.push(chunk));
        from.on('error', () => to.destroy());
        from.on('close', () => to.destroy());
        from.pipe(to);
      }
    });
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as { port: number }).port;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

let relayHouse: House;
let house: House;
let phone: Phone;
let tap: Tap;

beforeAll(async () => {
  relayHouse = await startHouse();
  tap = new Tap(() => relayHouse.relayPort);
  const port = await tap.listen();
  [house, phone] = await Promise.all([startHouse({ relayUrl: `ws://127.0.0.1:${port}` }), openPhone()]);
});
afterAll(async () => {
  await phone?.close();
  await house?.stop();
  tap?.close();
  await relayHouse?.stop();
});

/** WebSocket frames of a client are masked with a key that stands before them, so every alignment of it is tried. */
function readable(bytes: Buffer, word: string): boolean {
  if (bytes.includes(word)) return true;
  for (let at = 0; at + 8 < bytes.length; at++) {
    const first = bytes[at] as number;
    if (first !== 0x82 && first !== 0x81) continue;
    const length = (bytes[at + 1] as number) & 0x7f;
    if (((bytes[at + 1] as number) & 0x80) === 0) continue;
    const start = at + 2 + (length === 126 ? 2 : length === 127 ? 8 : 0);
    const size = length === 126 ? bytes.readUInt16BE(at + 2) : length;
    const key = bytes.subarray(start, start + 4);
    const payload = Buffer.from(bytes.subarray(start + 4, start + 4 + size).map((byte, index) => byte ^ (key[index & 3] ?? 0)));
    if (payload.includes(word)) return true;
  }
  return false;
}

it('the relay sees neither input nor output, names nor directories', async () => {
  await pair(house, phone);
  await startSession(phone, 'shell', 'Quiet-marmot session');
  await typeLine(phone, 'echo heron-$((20+3))-plain');
  await until('the output is on the phone', async () => (await screenText(phone.page)).includes('heron-23-plain'));
  const bytes = Buffer.concat(tap.chunks);
  expect(bytes.length).toBeGreaterThan(10_000);
  // the tap is in the right place: it sees the hand-shakes of the WebSockets
  expect(bytes.includes('Sec-WebSocket-Protocol: afield.v1')).toBe(true);
  for (const secret of ['heron', 'plain', 'marmot', 'sessions', 'welcome', house.home]) expect(readable(bytes, secret), secret).toBe(false);
});

it('the search itself finds masked text', () => {
  const key = [1, 2, 3, 4];
  const masked = [...Buffer.from('a heron here')].map((byte, index) => byte ^ (key[index & 3] as number));
  expect(readable(Buffer.from([0x82, 0x80 | masked.length, ...key, ...masked, 0, 0]), 'heron')).toBe(true);
});
