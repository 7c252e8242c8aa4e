/** The cases of the local API (security.md, section 5.C) by the socket of the command line: no page comes this way, the token is asked for all the same. */
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { API_BASE, api } from '@afield/shared/api.ts';
import type { RouteDefinition } from '@afield/shared/route.ts';
import { until } from '@afield/shared/until.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { rawExchange, startTestServer, type TestServer } from '../testing.ts';

const ID = '01890a5d-ac96-774b-bcce-b302099a8057';
let server: TestServer;
const open: WebSocket[] = [];
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  for (const socket of open) socket.terminate();
  await server.stop();
});

const token = () => `Bearer ${server.app.token}`;
const routes = (Object.entries(api) as [string, RouteDefinition][]).map(([operation, route]) => ({
  operation,
  method: route.method,
  path: route.path.replaceAll(/\{[^}]+\}/g, ID),
  isPublic: route.permission === 'public',
}));

interface Answer {
  status: number;
  body: { code?: string; status?: string };
}
function ask(method: string, target: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath: server.socket, method, path: target, headers, agent: false }, async (answer) => {
      const chunks: Buffer[] = [];
      for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString();
      resolve({ status: answer.statusCode ?? 0, body: /json/.test(answer.headers['content-type'] ?? '') ? JSON.parse(text) : {} });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
/** Status of a request whose headers are exactly these. */
async function raw(headers: string, target = `${API_BASE}/info`): Promise<number> {
  const text = await rawExchange(
    server.socket,
    `GET ${target} HTTP/1.1\r\n${headers}Authorization: ${token()}\r\nConnection: close\r\n\r\n`,
  );
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
}
function dial(target = '/ws', options: ClientOptions = {}): WebSocket {
  const socket = new WebSocket(`ws://localhost${target}`, { ...options, createConnection: () => connect(server.socket) });
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

describe('calls', () => {
  it.each(routes)('C1, C4: $operation without a token: 401', async ({ method, path, isPublic }) => {
    const json: [Record<string, string>, string?] =
      method === 'GET' ? [{}] : [{ 'content-type': 'application/json', 'content-length': '2' }, '{}'];
    expect((await ask(method, `${API_BASE}${path}`, ...json)).status).toBe(isPublic ? 200 : 401);
  });

  it('with the token: answered as by the port', async () => {
    expect((await ask('GET', `${API_BASE}/info`, { authorization: token() })).status).toBe(200);
    expect((await ask('GET', `${API_BASE}/info`, { authorization: `Bearer ${'x'.repeat(43)}` })).status).toBe(401);
  });

  it('C2, C3: an Origin of any kind is refused, our own page\u2019s too', async () => {
    for (const origin of ['https://evil.example', 'null', server.url, 'http://localhost', `http://localhost:${server.port}`]) {
      const { status, body } = await ask('GET', `${API_BASE}/info`, { origin, authorization: token() });
      expect([origin, status, body.code]).toEqual([origin, 403, 'origin_refused']);
    }
    expect((await ask('GET', `${API_BASE}/health`, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  });

  it('C5, C6: the Host is localhost, once, and nothing else', async () => {
    expect(await raw('Host: localhost\r\n')).toBe(200);
    expect(await raw('Host: evil.example\r\nOrigin: http://evil.example\r\n')).toBe(403);
    expect(await raw(`Host: 127.0.0.1:${server.port}\r\n`)).toBe(403);
    for (const headers of ['', 'Host:\r\n', 'Host: localhost\r\nHost: localhost\r\n', 'Host: me@localhost\r\n'])
      expect([headers, await raw(headers)]).toEqual([headers, 400]);
    expect(await raw('Host: localhost\r\n', `http://localhost${API_BASE}/info`)).toBe(400);
  });

  it('C7: a body that a form could send is refused', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const headers = { authorization: token(), 'content-type': type };
      expect((await ask('POST', `${API_BASE}/projects`, headers, JSON.stringify({ cwd: server.home }))).status).toBe(415);
    }
  });

  it('C8: a token in the address is refused and never logged', async () => {
    const { status, body } = await ask('GET', `${API_BASE}/info?token=canary`, { authorization: token() });
    expect([status, body.code]).toEqual([400, 'token_in_url']);
    expect(server.logged.join('')).not.toContain('canary');
  });

  it('C12: wrong tokens are limited here too, and a right one still comes in', async () => {
    const statuses: number[] = [];
    for (let tries = 0; tries < 40; tries++)
      statuses.push((await ask('GET', `${API_BASE}/info`, { authorization: `Bearer wrong${tries}` })).status);
    expect(statuses.at(-1)).toBe(429);
    expect((await ask('GET', `${API_BASE}/info`, { authorization: token() })).status).toBe(200);
  });
});

describe('the link', () => {
  it('C2, C3, C5, C8: foreign pages, hosts and tokens in the address are refused at the upgrade', async () => {
    const refused: [string, ClientOptions, number][] = [
      ['/ws', { origin: 'https://evil.example' }, 403],
      ['/ws', { origin: server.url }, 403],
      ['/ws', { headers: { host: 'evil.example' } }, 403],
      ['/ws?token=x', {}, 400],
      ['/other', {}, 404],
      ['/ws', {}, 101],
    ];
    for (const [target, options, status] of refused)
      expect([target, options, await outcome(dial(target, options))]).toEqual([target, options, status]);
  });

  it('C4: opens for the token alone', async () => {
    const say = (socket: WebSocket, given: string) =>
      socket.send(
        JSON.stringify({ type: 'request', id: '1', timestamp: '2026-01-01T00:00:00Z', payload: { action: 'auth', token: given } }),
      );
    const wrong = dial();
    await once(wrong, 'open');
    say(wrong, 'wrong');
    expect((await once(wrong, 'close'))[0]).toBe(1008);
    const right = dial();
    await once(right, 'open');
    const welcome = once(right, 'message');
    say(right, server.app.token);
    expect(String((await welcome)[0])).toContain('welcome');
  });

  it('ends with the server, and so does the socket', async () => {
    const short = await startTestServer();
    const socket = new WebSocket('ws://localhost/ws', { createConnection: () => connect(short.socket) });
    await once(socket, 'open');
    const closed = once(socket, 'close');
    await short.stop();
    await closed;
    await until('nobody listens', () =>
      rawExchange(short.socket, '').then(
        () => false,
        () => true,
      ),
    );
  });
});
