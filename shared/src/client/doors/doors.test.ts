import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket as NodeWebSocket, WebSocketServer, type WebSocket as WsSocket } from 'ws';
import { acceptChannel } from '../../channel/accept-channel.ts';
import { toBase64url } from '../../channel/base64url.ts';
import { noblePrimitives, softwareKeyPair } from '../../channel/noble-primitives.ts';
import { systemClock } from '../../link/clock.ts';
import { ConnectFailed } from '../../link/door.ts';
import type { ConnectionState } from '../../link/link.ts';
import { encodeMessage, readRequest, response } from '../../link/message-codec.ts';
import type { LinkPipe, MessageSocket } from '../../link/pipe.ts';
import { CLOSE, SUBPROTOCOL } from '../../rendezvous.ts';
import { AfieldClient } from '../client.ts';
import { relayDoor } from './relay.ts';
import { websocketDoor } from './websocket.ts';

const WELCOME = { device_id: null, user: 'owner', scopes: ['*'], server_version: '0.1.0', heartbeat_ms: 25_000, next_seq: 1 };
const signal = () => new AbortController().signal;

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** A WebSocket server on a free port. */
async function listen(onSocket: (socket: WsSocket, offered: string) => void, protocol = SUBPROTOCOL) {
  const http: Server = createServer((_, answer) => answer.writeHead(404).end()).listen(0, '127.0.0.1');
  const sockets = new WebSocketServer({ server: http, handleProtocols: () => protocol });
  const raw = new Set<Socket>();
  http.on('connection', (socket) => raw.add(socket));
  sockets.on('connection', (socket, request) => onSocket(socket, String(request.headers['sec-websocket-protocol'] ?? '')));
  await once(http, 'listening');
  open.push(() => {
    for (const socket of raw) socket.destroy();
    return new Promise((resolve) => http.close(resolve));
  });
  const { port } = http.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, ws: `ws://127.0.0.1:${port}`, http };
}

/** A port on which nothing listens. */
async function nobody(): Promise<string> {
  const { ws, http } = await listen(() => {});
  http.close();
  await once(http, 'close');
  return ws;
}

const until = (client: AfieldClient, wanted: ConnectionState['state']) =>
  new Promise<ConnectionState>((resolve) => {
    open.push(client.link.connection.subscribe((state) => state.state === wanted && resolve(state)));
  });

function keep(client: AfieldClient): AfieldClient {
  open.push(() => client.close());
  return client;
}

/** The home server's half of a pipe: answers pings and API calls. */
function serve(pipe: LinkPipe): void {
  pipe.onText = (text) => {
    const read = readRequest(text);
    if (!read.ok) throw read.error;
    const { id, payload } = read.message;
    const reply = (message: Parameters<typeof encodeMessage>[0]) => pipe.sendText(encodeMessage(message));
    if (payload.action === 'ping') reply(response(id, 'pong', {}, 0));
    if (payload.action === 'http')
      reply(response(id, 'http', { status: 200, headers: { 'content-type': 'application/json' }, body: payload }, 0));
  };
}

const constructors = [
  ['ws', NodeWebSocket],
  ['the platform’s own', globalThis.WebSocket],
] as const;

describe.each(constructors)('the WebSocket door, with %s', (_, WebSocket) => {
  const home = (onText: (socket: WsSocket, text: string) => void) =>
    listen((socket) => socket.on('message', (data) => onText(socket, String(data))), '');

  it('speaks the token first, then whatever is asked', async () => {
    const heard: string[] = [];
    const { url } = await home((socket, text) => {
      heard.push(text);
      const read = readRequest(text);
      if (!read.ok) throw read.error;
      const { id, payload } = read.message;
      if (payload.action === 'auth') socket.send(encodeMessage(response(id, 'welcome', WELCOME, 0)));
      if (payload.action === 'ping') socket.send(encodeMessage(response(id, 'pong', {}, 0)));
      if (payload.action === 'http') {
        socket.send(
          encodeMessage(response(id, 'http', { status: 200, headers: { 'content-type': 'application/json' }, body: payload.path }, 0)),
        );
      }
    });
    const client = keep(AfieldClient.websocket({ url, token: 'secret', WebSocket }));
    await expect(client.call('getInfo')).resolves.toBe('/api/v1/info');
    expect(JSON.parse(heard[0] ?? '')).toMatchObject({ type: 'request', payload: { action: 'auth', token: 'secret' } });
  });

  it('carries frames both ways', async () => {
    const { url } = await listen((socket) => socket.on('message', (data) => socket.send(data as Buffer)), '');
    const pipe = await websocketDoor({ url, WebSocket }).connect(signal());
    open.push(() => pipe.close({ kind: 'goodbye', detail: '' }));
    const echo = new Promise<Uint8Array>((resolve) => {
      pipe.onFrame = resolve;
    });
    pipe.sendFrame(Uint8Array.of(1, 2, 3).subarray(1));
    expect([...(await echo)]).toEqual([2, 3]);
    expect(pipe.bufferedBytes).toBe(0);
  });

  it.each([
    [CLOSE.policy, 'refused'],
    [CLOSE.goingAway, 'goodbye'],
    [CLOSE.tryLater, 'unavailable'],
    [CLOSE.tooLarge, 'protocol'],
    [4321, 'broken'],
  ])('takes close %i for %s', async (code, kind) => {
    const { url } = await listen((socket) => socket.on('message', () => socket.close(code)), '');
    const pipe = await websocketDoor({ url, WebSocket }).connect(signal());
    const end = new Promise((resolve) => {
      pipe.onClose = resolve;
    });
    pipe.sendText('now');
    await expect(end).resolves.toMatchObject({ kind });
  });

  it('takes a cut for broken', async () => {
    const { url } = await listen((socket) => socket.on('message', () => socket.terminate()), '');
    const pipe = await websocketDoor({ url, WebSocket }).connect(signal());
    const end = new Promise((resolve) => {
      pipe.onClose = resolve;
    });
    pipe.sendText('now');
    await expect(end).resolves.toMatchObject({ kind: 'broken' });
  });

  it('says that nobody is there', async () => {
    const url = await nobody();
    const failure = Promise.resolve(websocketDoor({ url, WebSocket }).connect(signal()));
    await expect(failure).rejects.toMatchObject({ reason: 'home_offline', message: expect.stringMatching(/afield serve/) });
  });

  it('stops dialling when told to', async () => {
    const http = createServer().listen(0, '127.0.0.1');
    const raw = new Set<Socket>();
    http.on('upgrade', (_request, socket) => raw.add(socket as Socket));
    await once(http, 'listening');
    open.push(() => {
      for (const socket of raw) socket.destroy();
      http.close();
    });
    const stop = new AbortController();
    const dialling = websocketDoor({ url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, WebSocket }).connect(stop.signal);
    const failure = expect(dialling).rejects.toBeInstanceOf(ConnectFailed);
    stop.abort(new Error('no longer wanted'));
    await failure;
  });
});

const room = new Uint8Array(32).fill(7);
const serverKeys = softwareKeyPair(new Uint8Array(32).fill(1));
const deviceKeys = softwareKeyPair(new Uint8Array(32).fill(2));
const devicePsk = new Uint8Array(32).fill(3);

/** A relay with a home server behind it, in one: the relay changes nothing that the device could see. */
function homeBehindRelay(psk = devicePsk, onPipe: (pipe: LinkPipe) => void = serve) {
  const offers: string[] = [];
  const labels: string[] = [];
  const at = listen((socket, offered) => {
    offers.push(offered);
    const line: MessageSocket = {
      send: (message) => socket.send(message),
      get bufferedBytes() {
        return socket.bufferedAmount;
      },
      close: (code) => socket.close(code),
      onMessage: () => {},
      onText: () => {},
      onClose: () => {},
    };
    socket.on('message', (data, binary) => (binary ? line.onMessage(new Uint8Array(data as Buffer)) : line.onText()));
    socket.on('close', (code) => line.onClose(code));
    const lookupSecret = () => ({ secret: psk, identity: 'device 1' });
    acceptChannel({
      socket: line,
      primitives: noblePrimitives,
      staticKey: serverKeys,
      room,
      now: () => 0,
      lookupSecret,
      commit: () => null,
    }).then(
      ({ channel, label }) => {
        labels.push(label);
        onPipe(channel);
        channel.sendText(encodeMessage(response('w1', 'welcome', WELCOME, 0)));
      },
      // Refused: the device hears it by the close.
      () => {},
    );
  });
  return at.then((address) => ({ ...address, offers, labels }));
}

const options = (relayUrl: string, WebSocket: (typeof constructors)[number][1]) => ({
  home: { relayUrl, room, serverKey: serverKeys.publicKey, devicePsk },
  staticKey: deviceKeys,
  primitives: noblePrimitives,
  WebSocket,
  label: 'test phone',
  appVersion: '0.1.0',
});

describe.each(constructors)('the relay door, with %s', (_, WebSocket) => {
  it('asks for the room, proves itself, and calls through the channel', async () => {
    const { ws, offers, labels } = await homeBehindRelay();
    const client = keep(AfieldClient.relay(options(ws, WebSocket)));
    await expect(client.call('getInfo')).resolves.toMatchObject({ action: 'http', path: '/api/v1/info' });
    expect(offers.map((offer) => offer.replaceAll(' ', ''))).toEqual([`${SUBPROTOCOL},${toBase64url(room)}`]);
    expect(labels).toEqual(['test phone']);
    expect(client.link.connection.value).toMatchObject({ via: 'relay' });
  });

  it('A1, users 16: a wrong psk is refused, finally', async () => {
    const { ws, offers } = await homeBehindRelay(new Uint8Array(32).fill(9));
    const client = keep(AfieldClient.relay(options(ws, WebSocket)));
    await expect(client.link.ready()).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(client.link.connection.value.state).toBe('refused');
    expect(offers).toHaveLength(1);
  });

  it('A7: another server than the one it knows is no way home', async () => {
    const { ws } = await homeBehindRelay();
    const known = options(ws, WebSocket);
    const door = relayDoor({ ...known, home: { ...known.home, serverKey: deviceKeys.publicKey } });
    const failure = Promise.resolve(door.connect(signal()));
    await expect(failure).rejects.toMatchObject({ name: 'ConnectFailed' });
  });

  it('tells a relay that is down from a home server that is', async () => {
    const down = keep(AfieldClient.relay(options(await nobody(), WebSocket)));
    await expect(down.link.ready()).rejects.toMatchObject({ code: 'relay_unreachable' });
    expect(down.link.connection.value).toMatchObject({ cause: 'relay_down' });

    const { ws } = await listen((socket) => socket.on('message', () => socket.close(CLOSE.tryLater)));
    const offline = keep(AfieldClient.relay(options(ws, WebSocket)));
    await expect(offline.link.ready()).rejects.toMatchObject({ code: 'unavailable' });
    expect(offline.link.connection.value).toMatchObject({ state: 'reconnecting', cause: 'home_offline' });
  });

  it('knows a server that is no relay', async () => {
    const { url } = await listen(() => {}, '');
    await expect(relayDoor(options(url.replace('http', 'ws'), WebSocket)).connect(signal())).rejects.toMatchObject({
      reason: 'relay_down',
    });
  });

  it('A22: a relay that dies under it is survived', async () => {
    let cuts = 0;
    const { ws } = await homeBehindRelay(devicePsk, (pipe) => {
      serve(pipe);
      if (cuts++ === 0) setTimeout(() => pipe.close({ kind: 'broken', detail: 'cut' }), 0);
    });
    const client = keep(AfieldClient.relay({ ...options(ws, WebSocket), clock: systemClock }));
    const broken = until(client, 'reconnecting');
    client.link.start();
    await expect(broken).resolves.toMatchObject({ cause: 'broken' });
    await expect(until(client, 'online')).resolves.toBeDefined();
    await expect(client.call('getInfo')).resolves.toBeDefined();
    expect(cuts).toBe(2);
  });
});
