/** What the server's tests share: whole servers in folders of their own, and phones that reach them. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Pairing } from '@afield/shared/api/devices.ts';
import { openChannel } from '@afield/shared/channel/open-channel.ts';
import type { ChannelMode, Established, OpenedChannel } from '@afield/shared/channel/opening.ts';
import { type PairingLink, parsePairingLink } from '@afield/shared/channel/pairing-link.ts';
import type { DhKeyPair } from '@afield/shared/channel/primitives.ts';
import { AfieldClient } from '@afield/shared/client/client.ts';
import type { MessageSocket } from '@afield/shared/link/pipe.ts';
import { SUBPROTOCOL } from '@afield/shared/rendezvous.ts';
import { WebSocket } from 'ws';
import { type App, createApp } from './app.ts';
import { nodeKeyPair, nodePrimitives } from './channel/node-primitives.ts';
import type { Overrides } from './compose/foundation.ts';
import { loadConfig } from './config.ts';
import { messageSocket } from './doors/ws-lines.ts';

export interface TestServer {
  app: App;
  url: string;
  port: number;
  /** Of the command line. */
  socket: string;
  home: string;
  /** Everything logged so far. */
  logged: string[];
  /** An API call with the owner's token, or what `headers` say. */
  call(
    method: string,
    path: string,
    options?: { body?: unknown; headers?: Record<string, string> },
  ): Promise<{ status: number; headers: Headers; body: unknown }>;
  /** Closes it and, unless told otherwise, removes its folder. */
  stop(options?: { keep?: boolean }): Promise<void>;
}

export interface TestServerOptions {
  /** An earlier server's folder. */
  home?: string;
  env?: Record<string, string>;
  overrides?: Overrides;
}

export const newHome = () => mkdtempSync(path.join(tmpdir(), 'afield-server-'));

export async function startTestServer({ home = newHome(), env = {}, overrides = {} }: TestServerOptions = {}): Promise<TestServer> {
  const logged: string[] = [];
  // Its sessions end with it, so that nothing is left over.
  const config = await loadConfig({ env: { HOME: home, AFIELD_HOME: home, AFIELD_PORT: '0', AFIELD_RUNTIME: 'pty', ...env } });
  const app = await createApp(config, {
    log: (line) => logged.push(line),
    env: { HOME: home, PATH: process.env.PATH, SHELL: '/bin/sh', LANG: 'C.UTF-8' },
    ...overrides,
  });
  const { url, port, socket } = await app.listen();
  if (socket === null) throw new Error('The server has no socket.');
  return {
    app,
    url,
    port,
    socket,
    home,
    logged,
    async call(method, target, { body, headers = { authorization: `Bearer ${app.token}` } } = {}) {
      const json = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } };
      const response = await fetch(`${url}/api/v1${target}`, { method, headers, ...json });
      const text = await response.text();
      const isJson = /json/.test(response.headers.get('content-type') ?? '');
      return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
    },
    async stop({ keep = false } = {}) {
      await app.close();
      if (!keep) rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Sends bytes to a port or a socket and gives back all that comes until the other side closes. */
export async function rawExchange(to: number | string, bytes: string): Promise<string> {
  const socket = typeof to === 'number' ? connect(to, '127.0.0.1') : connect(to);
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(bytes);
  await once(socket, 'close');
  return answer;
}

/** A socket in the room, as a device dials it. */
export async function dialRoom(
  relayUrl: string,
  room: Uint8Array,
): Promise<{ ws: WebSocket; socket: MessageSocket; closed: Promise<number> }> {
  const ws = new WebSocket(relayUrl, [SUBPROTOCOL, Buffer.from(room).toString('base64url')], { perMessageDeflate: false });
  const closed = new Promise<number>((resolve) => ws.once('close', resolve));
  ws.on('error', () => {});
  await Promise.race([once(ws, 'open'), closed.then((code) => Promise.reject(new Error(`The relay closed with ${code}.`)))]);
  return { ws, socket: messageSocket(ws), closed };
}

/** What a test may do differently from an honest device. */
type Changes = {
  secret: Uint8Array;
  ticketId: Uint8Array;
  serverKey: Uint8Array;
  staticKey: DhKeyPair;
  beforeMsg3: (established: Established) => void | Promise<void>;
};

/** A device as it stands after scanning a link. */
export class Phone {
  readonly link: PairingLink;
  readonly key: DhKeyPair;
  devicePsk: Uint8Array | null = null;
  check: string | null = null;

  constructor(link: string, key: DhKeyPair = nodeKeyPair(randomBytes(32))) {
    this.link = parsePairingLink(link);
    this.key = key;
  }

  /** One handshake. `change` replaces what a right one would send. */
  async handshake(mode: ChannelMode, change: Partial<Changes> = {}): Promise<OpenedChannel & { closed: Promise<number> }> {
    const { socket, closed } = await dialRoom(this.link.relayUrl, this.link.room);
    const device = {
      socket,
      primitives: nodePrimitives,
      staticKey: this.key,
      room: this.link.room,
      serverKey: this.link.serverKey,
      label: 'Test phone',
      appVersion: '0.1.0',
      lastSeq: 0,
      beforeMsg3: ({ devicePsk, check }: Established) => {
        this.devicePsk = devicePsk ?? this.devicePsk;
        this.check = check;
      },
      ...change,
    };
    const secret = change.secret ?? (mode === 'pair' ? this.link.secret : (this.devicePsk as Uint8Array));
    const opened = await (mode === 'pair'
      ? openChannel({ ticketId: this.link.ticketId, ...device, mode, secret })
      : openChannel({ ...device, mode, secret }));
    return { ...opened, closed };
  }

  /** Pairs and hangs up again. */
  async pair(): Promise<this> {
    const { channel } = await this.handshake('pair');
    await firstText(channel);
    channel.close({ kind: 'goodbye', detail: 'Paired.' });
    return this;
  }

  /** The product's own client, through the relay of the link. */
  client(): AfieldClient {
    return AfieldClient.relay({
      home: { relayUrl: this.link.relayUrl, room: this.link.room, serverKey: this.link.serverKey, devicePsk: this.devicePsk as Uint8Array },
      staticKey: this.key,
      primitives: nodePrimitives,
      WebSocket: WebSocket as never,
      label: 'Test phone',
      appVersion: '0.1.0',
    });
  }
}

/** The next text of a channel; rejects when it ends first. */
export function firstText(channel: OpenedChannel['channel']): Promise<string> {
  return new Promise((resolve, reject) => {
    channel.onText = resolve;
    channel.onClose = (end) => reject(new Error(`${end.kind}: ${end.detail}`));
  });
}

export async function newPairing(server: TestServer, scopes: string[] = ['*']): Promise<Pairing & { link: string }> {
  const { status, body } = await server.call('POST', '/pairings', { body: { scopes } });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return body as Pairing & { link: string };
}

export async function newPhone(server: TestServer, scopes?: string[]): Promise<Phone> {
  return new Phone((await newPairing(server, scopes)).link).pair();
}
