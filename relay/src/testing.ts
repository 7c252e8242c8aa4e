/** What the relay's tests share: rooms, legs of both kinds, and sockets that speak raw bytes. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { SUBPROTOCOL } from '@afield/shared/rendezvous.ts';
import { WebSocket } from 'ws';
import { roomOf } from './offer.ts';

/** The size of a real first frame: message 1 of the handshake. */
export const FIRST = Buffer.alloc(65, 1);

export interface TestRoom {
  name: string;
  secret: string;
}

export function newRoom(): TestRoom {
  const secret = randomBytes(32).toString('base64url');
  return { name: roomOf(secret), secret };
}

/** One end of a WebSocket that keeps what comes. */
export class TestLeg {
  readonly ws: WebSocket;
  readonly frames: { data: Buffer; binary: boolean }[] = [];
  /** Code and reason of the end, once it has come. */
  readonly closed: Promise<{ code: number; reason: string }>;

  constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on('error', () => {}); // `closed` tells
    ws.on('message', (data: Buffer, binary) => this.frames.push({ data, binary }));
    this.closed = new Promise((resolve) => ws.once('close', (code, reason) => resolve({ code, reason: reason.toString() })));
  }

  send(data: Buffer | string): void {
    this.ws.send(data);
  }

  /** The next frame that has not been taken yet; rejects when the leg ends first. */
  async take(): Promise<Buffer> {
    const gone = this.closed.then(({ code }) => {
      throw new Error(`The leg ended with ${code} instead.`);
    });
    gone.catch(() => {});
    while (this.frames.length === 0) await Promise.race([once(this.ws, 'message'), gone]);
    return this.frames.shift()!.data;
  }
}

interface Dial {
  headers?: Record<string, string>;
  path?: string;
}

/** Dials; rejects with the HTTP status when the relay refuses. */
async function dial(url: string, room: TestRoom, { headers = {}, path = '/' }: Dial): Promise<TestLeg> {
  const ws = new WebSocket(url + path, [SUBPROTOCOL, room.name], { headers, perMessageDeflate: false });
  const leg = new TestLeg(ws);
  await new Promise<void>((resolve, reject) => {
    ws.once('open', resolve);
    ws.once('error', reject);
    ws.once('unexpected-response', (_request, response) => {
      reject(new Error(`HTTP ${response.statusCode}`));
      ws.terminate();
    });
  });
  return leg;
}

export const dialClient = (url: string, room: TestRoom, options: Dial = {}): Promise<TestLeg> => dial(url, room, options);

export const dialServer = (url: string, room: TestRoom, options: Dial = {}): Promise<TestLeg> =>
  dial(url, room, { ...options, headers: { ...options.headers, authorization: `Bearer ${room.secret}` } });

/** A client and a home server that have found each other; the first frame has been taken. */
export async function dialPair(url: string, room = newRoom()): Promise<{ client: TestLeg; server: TestLeg; room: TestRoom }> {
  const server = await dialServer(url, room);
  const client = await dialClient(url, room);
  client.send(FIRST);
  await server.take();
  return { client, server, room };
}

/** A TCP connection with raw bytes; `closed` resolves with all that came. */
export async function dialRaw(
  port: number,
  localAddress = '127.0.0.1',
): Promise<{ socket: Socket; closed: Promise<Buffer>; seen(): Buffer }> {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  let seen = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    seen = Buffer.concat([seen, chunk]);
  });
  socket.on('error', () => {});
  const closed = new Promise<Buffer>((resolve) => socket.once('close', () => resolve(seen)));
  await once(socket, 'connect');
  return { socket, closed, seen: () => seen };
}

/** The request of a WebSocket, as bytes. */
export function upgradeRequest(room: TestRoom, role: 'client' | 'server', more: readonly string[] = []): string {
  return [
    'GET / HTTP/1.1',
    'Host: relay.test',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    `Sec-WebSocket-Protocol: ${SUBPROTOCOL}, ${room.name}`,
    ...(role === 'server' ? [`Authorization: Bearer ${room.secret}`] : []),
    ...more,
    '\r\n',
  ].join('\r\n');
}

/** A raw socket that is already a WebSocket: what is written next are frames. */
export async function dialRawLeg(port: number, room: TestRoom, role: 'client' | 'server' = 'client') {
  const raw = await dialRaw(port);
  raw.socket.write(upgradeRequest(room, role));
  await until(() => raw.seen().includes('\r\n\r\n'));
  return raw;
}

/** A masked frame with a zero mask: first byte, length, payload (RFC 6455, section 5.2). */
export function rawFrame(payload: Buffer, first = 0x82): Buffer {
  const header = Buffer.alloc(payload.length > 125 ? 8 : 6);
  header[0] = first;
  header[1] = 0x80 | (payload.length > 125 ? 126 : payload.length);
  if (payload.length > 125) header.writeUInt16BE(payload.length, 2);
  return Buffer.concat([header, payload]);
}

/** The code in the last frame of what a raw leg saw, if that is a close frame. */
export function closeCodeIn(seen: Buffer): number | undefined {
  const at = seen.lastIndexOf(Buffer.from([0x88, 0x02]));
  return at < 0 ? undefined : seen.readUInt16BE(at + 2);
}

/** Waits for a condition; the test's own time limit is its end. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}
