import { once } from 'node:events';
import type { Connection } from '@afield/shared/api/system.ts';
import { AfieldClient } from '@afield/shared/client/client.ts';
import { encodeFrame, FRAME_INPUT } from '@afield/shared/link/frames.ts';
import { SUBPROTOCOL } from '@afield/shared/rendezvous.ts';
import { until } from '@afield/shared/until.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { MAX_CONNECTIONS_PER_IDENTITY } from '../auth/connections.ts';
import { newPhone, startTestServer, type TestServer } from '../testing.ts';

let server: TestServer;
const open: WebSocket[] = [];
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(async () => {
  for (const socket of open.splice(0)) socket.terminate();
  await server.stop();
});

const address = (target = '/ws') => `ws://127.0.0.1:${server.port}${target}`;
function dial(target?: string, options: ClientOptions = {}, protocols: string[] = []): WebSocket {
  const socket = new WebSocket(address(target), protocols, options);
  socket.on('error', () => {});
  open.push(socket);
  return socket;
}
/** Status of a refused upgrade, or 101. */
const outcome = (socket: WebSocket): Promise<number> =>
  new Promise((resolve) => {
    socket.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
    socket.once('open', () => resolve(101));
  });
const say = (socket: WebSocket, action: string, fields: object = {}, id = action) =>
  socket.send(JSON.stringify({ type: 'request', id, timestamp: '2026-01-01T00:00:00Z', payload: { action, ...fields } }));
/** A link with the owner's token, and what it was told. */
async function link(target?: string) {
  const socket = dial(target);
  const told: { id: string; payload: Record<string, unknown> }[] = [];
  socket.on('message', (data) => told.push(JSON.parse(String(data))));
  await once(socket, 'open');
  say(socket, 'auth', { token: server.app.token });
  await until('the welcome', () => told.length > 0);
  return { socket, told };
}
const connections = async () => ((await server.call('GET', '/connections')).body as { items: Connection[] }).items;

describe('/ws', () => {
  it('C2, C3, C5, C8: foreign pages, hosts and tokens in the address are refused at the upgrade', async () => {
    const refused: [string, ClientOptions, number][] = [
      ['/ws', { origin: 'https://evil.example' }, 403],
      ['/ws', { origin: 'null' }, 403],
      ['/ws', { origin: `http://localhost:${server.port + 1}` }, 403],
      ['/ws', { headers: { host: 'evil.example' } }, 403],
      ['/ws', { headers: { 'sec-fetch-site': 'cross-site' } }, 403],
      ['/ws?token=x', {}, 400],
      ['/ws?session_id=x', {}, 400],
      ['/other', {}, 404],
      ['/api/v1/info', {}, 404],
      ['/ws', { origin: `http://127.0.0.1:${server.port}` }, 101],
      ['/ws', {}, 101],
    ];
    for (const [target, options, status] of refused)
      expect([target, options, await outcome(dial(target, options))]).toEqual([target, options, status]);
  });

  it('speaks the link after auth: calls, events, terminals', async () => {
    const client = AfieldClient.websocket({ url: server.url, token: server.app.token, WebSocket: WebSocket as never });
    const told: string[] = [];
    const subscription = client.link.subscribe({ topics: ['session.*'] }, (event) => told.push(event.type));
    const session = await client.call('createSession', { body: { agent: 'shell' } });
    let text = '';
    const stream = client.link.attach(
      { session_id: session.id, cols: 80, rows: 24, lease: 'take' },
      {
        onSnapshot: () => {},
        onOutput: (bytes) => {
          text += Buffer.from(bytes).toString();
        },
        onClosed: () => {},
      },
    );
    await until('it takes keys', () => stream.sendable);
    stream.input('echo $((40+2))\r');
    await until('the answer', () => text.includes('42'));
    await until('the event', () => told.includes('session.created'));
    expect((await connections()).map((one) => [one.door, one.device_id, one.sessions])).toEqual([['websocket', null, [session.id]]]);
    subscription.close();
    await client.call('deleteSession', { params: { id: session.id } });
    client.close();
    await until('it is gone', async () => (await connections()).length === 0);
  });

  it('closes who has a wrong token, sends bytes first, or talks too much before it is known', async () => {
    const wrong = dial();
    await once(wrong, 'open');
    say(wrong, 'auth', { token: 'wrong' });
    expect((await once(wrong, 'close'))[0]).toBe(1008);

    const bytes = dial();
    await once(bytes, 'open');
    bytes.send(encodeFrame({ kind: FRAME_INPUT, stream: 1, offset: 0, bytes: new Uint8Array(1) }));
    expect((await once(bytes, 'close'))[0]).toBe(1002);

    const loud = dial();
    await once(loud, 'open');
    loud.send(Buffer.alloc(100_000), { binary: false, fin: false });
    expect((await once(loud, 'close'))[0]).toBe(1006);

    const large = await link();
    large.socket.send(Buffer.alloc(9 * 1024 * 1024), { binary: false });
    expect((await once(large.socket, 'close'))[0]).toBe(1009);
    expect((await server.call('GET', '/health')).status).toBe(200);
  });

  it('lets only so many wait nameless', async () => {
    const statuses = await Promise.all(Array.from({ length: 36 }, () => outcome(dial())));
    expect(statuses.filter((status) => status === 503).length).toBeGreaterThanOrEqual(4);
    expect((await server.call('GET', '/health')).status).toBe(200);
  });

  it(`C20: has ${MAX_CONNECTIONS_PER_IDENTITY} connections for one token, of all kinds together`, async () => {
    const sockets = [];
    for (let n = 0; n < MAX_CONNECTIONS_PER_IDENTITY; n++) sockets.push(await link());
    const more = dial();
    await once(more, 'open');
    say(more, 'auth', { token: server.app.token });
    expect((await once(more, 'close'))[0]).toBe(1013);
    expect((await server.call('GET', '/events')).status).toBe(409);
    sockets[0]?.socket.close();
    await until('there is room again', async () => (await connections()).length < MAX_CONNECTIONS_PER_IDENTITY);
    expect((await link()).told[0]?.payload.kind).toBe('welcome');
  });

  it('takes the session of the address for subscriptions that name none', async () => {
    const one = (await server.call('POST', '/sessions', { body: { agent: 'shell' } })).body as { id: string };
    const two = (await server.call('POST', '/sessions', { body: { agent: 'shell' } })).body as { id: string };
    const { socket, told } = await link(`/ws?session_id=${one.id}`);
    say(socket, 'subscribe', { topics: ['session.renamed'] });
    await until('the subscription', () => told.length === 2);
    for (const { id } of [two, one]) await server.call('PATCH', `/sessions/${id}`, { body: { name: 'renamed' } });
    await until('an event', () => told.length === 3);
    expect(told[2]?.payload).toMatchObject({ type: 'session.renamed', session_id: one.id });
    for (const { id } of [two, one]) await server.call('DELETE', `/sessions/${id}`);
  });

  it('says goodbye when the server stops', async () => {
    const { socket } = await link();
    const closed = once(socket, 'close');
    await server.app.close();
    expect((await closed)[0]).toBe(1000);
  });
});

describe('/channel', () => {
  it('pairs and serves a browser on this machine without any relay, encrypted all the same', async () => {
    const phone = await newPhone(server);
    expect(phone.link.relayUrl).toBe(address('/channel'));
    const client = phone.client();
    expect((await client.call('listDevices')).items).toMatchObject([{ name: 'Test phone', online: true, current: true }]);
    const id = client.link.welcome?.device_id as string;
    await server.call('DELETE', `/devices/${id}`);
    await until('it is refused', () => client.link.connection.value.state === 'refused');
    client.close();
  });

  it('lets in only who knows the room, from a page of ours, and who speaks', { timeout: 15_000 }, async () => {
    const right = [SUBPROTOCOL, server.app.room];
    expect(await outcome(dial('/channel', {}, [SUBPROTOCOL, 'x'.repeat(43)]))).toBe(404);
    expect(await outcome(dial('/channel', {}, [SUBPROTOCOL]))).toBe(404);
    expect(await outcome(dial('/channel'))).toBe(404);
    expect(await outcome(dial('/channel', { origin: 'https://evil.example' }, right))).toBe(403);
    const silent = dial('/channel', {}, right);
    await once(silent, 'open');
    const garbage = dial('/channel', {}, right);
    await once(garbage, 'open');
    garbage.send(Buffer.alloc(65));
    expect((await once(garbage, 'close'))[0]).toBe(1008);
    expect((await once(silent, 'close'))[0]).toBe(1008);
  });
});
