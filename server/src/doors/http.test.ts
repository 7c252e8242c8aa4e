/** The HTTP door with everything behind it: the cases of the local API (security.md, section 5.C). */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { Readable } from 'node:stream';
import { API_BASE, api } from '@afield/shared/api.ts';
import type { RouteDefinition } from '@afield/shared/route.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newHome, rawExchange, startTestServer, type TestServer } from '../testing.ts';

const ID = '01890a5d-ac96-774b-bcce-b302099a8057';
let server: TestServer;
const page = newHome();

beforeAll(async () => {
  mkdirSync(path.join(page, 'assets'));
  const policy = "default-src 'none'; script-src &#39;self&#39;";
  writeFileSync(path.join(page, 'index.html'), `<!doctype html><meta http-equiv="Content-Security-Policy" content="${policy}"><p>The page`);
  writeFileSync(path.join(page, 'assets/index-AbCd1234.js'), 'export {}');
  writeFileSync(path.join(page, 'sw.js'), '//');
  writeFileSync(path.join(page, '.secret'), 'canary');
  server = await startTestServer({ env: { AFIELD_PWA_DIR: page } });
});
afterAll(async () => {
  await server.stop();
  rmSync(page, { recursive: true, force: true });
});

const routes = (Object.entries(api) as [string, RouteDefinition][]).map(([operation, route]) => ({
  operation,
  method: route.method,
  path: route.path.replaceAll(/\{[^}]+\}/g, ID),
  isPublic: route.permission === 'public',
}));
const token = () => `Bearer ${server.app.token}`;
const own = () => `Host: 127.0.0.1:${server.port}\r\n`;
const get = (target: string, headers: Record<string, string> = {}) => fetch(`${server.url}${target}`, { headers, redirect: 'manual' });
const post = (target: string, body: BodyInit, headers: Record<string, string> = {}) =>
  fetch(`${server.url}${API_BASE}${target}`, {
    method: 'POST',
    body,
    headers: { authorization: token(), 'content-type': 'application/json', ...headers },
  });
/** Status line and body of a request whose headers are exactly these. */
async function raw(lines: string, body = ''): Promise<{ status: number; text: string }> {
  const text = await rawExchange(server.port, `${lines}Connection: close\r\n\r\n${body}`);
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text };
}
const rawGet = (headers: string) => raw(`GET ${API_BASE}/info HTTP/1.1\r\n${headers}Authorization: ${token()}\r\n`);

describe('who calls', () => {
  it.each(routes)('C1, C4: $operation without a token: 401', async ({ method, path: target, isPublic }) => {
    for (const headers of [{}, { cookie: `token=${server.app.token}` }, { 'x-api-key': server.app.token }]) {
      const { status } = await server.call(method, target, {
        headers: headers as Record<string, string>,
        ...(method === 'GET' ? {} : { body: {} }),
      });
      expect(status).toBe(isPublic ? 200 : 401);
    }
  });

  it('C12: wrong tokens are answered alike, then limited; a right one still comes in', async () => {
    const wrong = ['', 'Bearer', 'Basic eDp5', `Bearer ${server.app.token}x`, `Bearer ${server.app.token.slice(1)}`];
    const statuses: number[] = [];
    for (let tries = 0; tries < 40; tries++) {
      statuses.push((await get(`${API_BASE}/info`, { authorization: wrong[tries % wrong.length] as string })).status);
    }
    expect(statuses).toEqual([...Array(30).fill(401), ...Array(10).fill(429)]);
    expect((await get(`${API_BASE}/info`, { authorization: token() })).status).toBe(200);
  });

  it('C2, C3: a foreign Origin is refused on every route, and before anybody is asked who they are', async () => {
    for (const origin of ['https://evil.example', 'null', `http://evil-localhost:${server.port}`, `http://localhost:${server.port + 1}`]) {
      for (const { method, path: target } of routes.slice(0, 12)) {
        const { status, body } = await server.call(method, target, { headers: { origin } });
        expect([origin, status, (body as { code: string }).code]).toEqual([origin, 403, 'origin_refused']);
      }
    }
    expect((await get(`${API_BASE}/info`, { origin: server.url, authorization: token() })).status).toBe(200);
  });

  it('C5, C6: a foreign, doubled, missing or odd Host', async () => {
    expect((await rawGet(own())).status).toBe(200);
    expect((await rawGet(`Host: evil.example:${server.port}\r\nOrigin: http://evil.example:${server.port}\r\n`)).status).toBe(403);
    expect((await rawGet(`${own()}Host: evil.example\r\n`)).status).toBe(400);
    expect((await rawGet('')).status).toBe(400);
    expect((await rawGet('Host:\r\n')).status).toBe(400);
    expect((await rawGet(`Host: me@127.0.0.1:${server.port}\r\n`)).status).toBe(400);
    expect(
      (await raw(`GET http://127.0.0.1:${server.port}${API_BASE}/info HTTP/1.1\r\n${own()}Authorization: ${token()}\r\n`)).status,
    ).toBe(400);
  });

  it('refuses a call that a page of another site sends, and lets a link open the page', async () => {
    const cross = { 'sec-fetch-site': 'cross-site' };
    const navigate = { ...cross, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    expect((await get(`${API_BASE}/health`, cross)).status).toBe(403);
    expect((await get(`${API_BASE}/health`, navigate)).status).toBe(403);
    expect((await get('/sw.js', cross)).status).toBe(403);
    const lines = Object.entries(navigate).map(([name, value]) => `${name}: ${value}\r\n`);
    expect((await raw(`GET / HTTP/1.1\r\n${own()}${lines.join('')}`)).status).toBe(200);
  });

  it('C8: a token in the URL is refused and never logged', async () => {
    for (const name of ['token', 'access_token', 'api_key']) {
      const response = await get(`${API_BASE}/info?${name}=canary-${name}`, { authorization: token() });
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([400, 'token_in_url']);
    }
    expect((await get('/?token=canary')).status).toBe(400);
    expect(server.logged.join('')).not.toContain('canary');
    expect(server.logged.join('')).not.toContain(server.app.token);
  });
});

describe('what is sent', () => {
  const create = () => JSON.stringify({ cwd: server.home });

  it('C7: a body that a form could send is refused', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'text/plain; application/json',
      '',
      'application/jsonx',
    ]) {
      const response = await post('/projects', create(), { 'content-type': type });
      expect([type, response.status]).toEqual([type, 415]);
    }
    expect((await post('/projects', '{}', { 'content-type': 'application/json', 'content-encoding': 'gzip' })).status).toBe(415);
    expect((await post('/projects', create(), { 'content-type': 'Application/JSON; charset=UTF-8' })).status).toBe(201);
  });

  it('C17: too large, too deep, doubled keys, huge numbers, half characters, not UTF-8', async () => {
    const large = await post('/projects', JSON.stringify({ cwd: 'x'.repeat(10 * 1024 * 1024) }));
    expect([large.status, ((await large.json()) as { code: string }).code]).toEqual([413, 'too_large']);
    const unannounced = Readable.toWeb(Readable.from(Array.from({ length: 3 }, () => Buffer.alloc(512 * 1024, ' '))));
    const streamed = {
      method: 'POST',
      body: unannounced,
      duplex: 'half',
      headers: { authorization: token(), 'content-type': 'application/json' },
    };
    expect((await fetch(`${server.url}${API_BASE}/projects`, streamed as unknown as RequestInit)).status).toBe(413);
    for (const body of [
      `${'['.repeat(100_000)}`,
      '{"cwd":"/","cwd":"/tmp"}',
      '{"cwd":1e999}',
      '{"cwd":"\\ud800"}',
      '{"__proto__":1}',
      '{',
    ]) {
      expect([body.slice(0, 30), (await post('/projects', body)).status]).toEqual([body.slice(0, 30), 400]);
    }
    expect((await post('/projects', Buffer.from([0x22, 0xff, 0x22]))).status).toBe(400);
  });

  it('C19: ambiguous requests are refused', async () => {
    const start = `POST ${API_BASE}/projects HTTP/1.1\r\n${own()}Authorization: ${token()}\r\nContent-Type: application/json\r\n`;
    expect((await raw(`${start}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n`, '0\r\n\r\n')).status).toBe(400);
    expect((await raw(`${start}Content-Length: 4\r\nContent-Length: 5\r\n`, '{}  ')).status).toBe(400);
    expect((await raw(`${start}Transfer-Encoding: chunked, identity\r\n`, '0\r\n\r\n')).status).toBe(400);
    expect((await rawExchange(server.port, `GET ${API_BASE}/info HTTP/1.1\n${own().trim()}\n\n`)).startsWith('HTTP/1.1 400')).toBe(true);
    expect((await raw(`GET ${API_BASE}/info HTTP/1.1\r\n${own()}X: a\nb\r\n`)).status).toBe(400);
    expect((await raw(`GET ${API_BASE}/info HTTP/1.1\r\n${own()}X: ${'y'.repeat(20_000)}\r\n`)).status).toBe(431);
    expect((await rawExchange(server.port, '\u0016\u0003\u0001 nonsense\r\n\r\n')).startsWith('HTTP/1.1 400')).toBe(true);
  });

  it('closes a caller who never ends its headers', { timeout: 15_000 }, async () => {
    const socket = connect(server.port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString();
    });
    socket.on('error', () => {});
    socket.write(`GET / HTTP/1.1\r\n${own()}`);
    await new Promise((resolve) => socket.once('close', resolve));
    expect(answer).toMatch(/^HTTP\/1\.1 408/);
  });
});

describe('what comes back', () => {
  it('405 with Allow, 404 for OPTIONS and unknown paths, problems as such', async () => {
    const wrong = await fetch(`${server.url}${API_BASE}/sessions`, { method: 'PUT', headers: { authorization: token() } });
    expect([wrong.status, wrong.headers.get('allow'), wrong.headers.get('content-type')]).toEqual([
      405,
      'POST, GET',
      'application/problem+json',
    ]);
    const preflight = await fetch(`${server.url}${API_BASE}/sessions`, {
      method: 'OPTIONS',
      headers: { 'access-control-request-method': 'POST' },
    });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([404, null]);
    expect((await get(`${API_BASE}/nothing`, { authorization: token() })).status).toBe(404);
    expect((await get(API_BASE, { authorization: token() })).status).toBe(404);
    expect((await get(`${API_BASE}/info`)).headers.get('www-authenticate')).toBe('Bearer realm="afield"');
  });

  it('C21: no answer can be framed, sniffed or cached', async () => {
    for (const target of ['/', '/sw.js', `${API_BASE}/health`, `${API_BASE}/nothing`]) {
      const { headers } = await get(target);
      expect([target, headers.get('x-content-type-options'), headers.get('x-frame-options')]).toEqual([target, 'nosniff', 'DENY']);
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('x-powered-by')).toBeNull();
    }
    expect((await get(`${API_BASE}/health`)).headers.get('cache-control')).toBe('no-store');
    const docs = await get(`${API_BASE}/docs`, { authorization: token() });
    expect(docs.headers.get('content-security-policy')).toContain("style-src 'unsafe-inline'");
    expect(await docs.text()).not.toContain('<script');
  });
});

describe('the page', () => {
  it('is served with its own policy, and for every address of a screen', async () => {
    for (const target of ['/', '/sessions/abc', '/settings?x=1']) {
      const response = await get(target);
      expect(await response.text()).toContain('The page');
      expect(response.headers.get('content-security-policy')).toBe("default-src 'none'; script-src 'self'; frame-ancestors 'none'");
      expect(response.headers.get('cache-control')).toBe('no-cache');
    }
  });

  it('keeps hashed files for a year and asks for the others each time', async () => {
    expect((await get('/assets/index-AbCd1234.js')).headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect((await get('/sw.js')).headers.get('cache-control')).toBe('no-cache');
    expect((await get('/assets/missing-AbCd1234.js')).status).toBe(404);
  });

  it('D1: gives no file but its own', async () => {
    for (const target of [
      '/.secret',
      '/../token',
      '/%2e%2e/token',
      '/..%2ftoken',
      '/..%5ctoken',
      '/assets/%00.js',
      '/%ff',
      `/${'x'.repeat(5000)}`,
      '/assets/../.secret',
    ]) {
      const { text } = await raw(`GET ${target} HTTP/1.1\r\n${own()}`);
      expect([target, text.includes('canary'), text.includes(server.app.token)]).toEqual([target, false, false]);
      expect(text).toMatch(/^HTTP\/1\.1 (400|403|404|200) /);
    }
    expect(existsSync(path.join(page, '.secret'))).toBe(true);
  });

  it('takes GET and HEAD only', async () => {
    expect((await fetch(`${server.url}/`, { method: 'POST', body: 'x' })).status).toBe(405);
    expect((await fetch(`${server.url}/`, { method: 'HEAD' })).status).toBe(200);
  });

  it('says so when it is not built', async () => {
    const bare = await startTestServer({ env: { AFIELD_PWA_DIR: path.join(page, 'nothing-here') } });
    const response = await fetch(`${bare.url}/`);
    expect([response.status, (await response.text()).includes('npm run build')]).toEqual([503, true]);
    await bare.stop();
  });
});
