import { API_BASE, api, type Operation } from '@afield/shared/api.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { RouteDefinition } from '@afield/shared/route.ts';
import { describe, expect, it } from 'vitest';
import type { Identity } from './core/identity.ts';
import { type Call, createDispatch, type Handlers } from './dispatch.ts';

const ID = '01890a5d-ac96-774b-bcce-b302099a8057';
const identity = (scopes: string[], valid = true): Identity => ({
  kind: 'device',
  device_id: ID,
  device_name: 'phone',
  user: 'owner',
  scopes,
  valid: () => valid,
});
const OWNER = identity(['*']);

/** A dispatcher on which only the given handlers do something; the others must not be reached. */
function build(handlers: Partial<Record<Operation, (call: Call<RouteDefinition>) => unknown>>) {
  const faults: unknown[] = [];
  const calls: Operation[] = [];
  const all = Object.fromEntries(
    (Object.keys(api) as Operation[]).map((name) => [
      name,
      (call: Call<RouteDefinition>) => {
        calls.push(name);
        const handler = handlers[name];
        if (handler === undefined) throw new Error(`${name} was reached`);
        return handler(call);
      },
    ]),
  ) as unknown as Handlers;
  const dispatch = createDispatch(all, { onFault: (fault) => faults.push(fault.error), newId: () => 'fault-1' });
  const send = (
    method: string,
    path: string,
    options: { body?: unknown; identity?: Identity | null; headers?: Record<string, string> } = {},
  ) =>
    dispatch({
      method,
      path: `${API_BASE}${path}`,
      headers: options.headers ?? {},
      body: options.body,
      identity: options.identity === undefined ? OWNER : options.identity,
    });
  return { dispatch, send, faults, calls };
}
const device = {
  id: ID,
  name: 'x',
  user: 'owner',
  scopes: ['*'],
  app_version: '1',
  created_at: '2026-01-01T00:00:00Z',
  last_seen_at: null,
  online: false,
  current: false,
  revoked_at: null,
  push: null,
};

const pathOf = (route: RouteDefinition) => route.path.replaceAll(/\{[^}]+\}/g, ID);
const routes = Object.entries(api) as [Operation, RouteDefinition][];

describe('who may', () => {
  it.each(routes)('C1: %s needs somebody, unless it is public', async (operation, route) => {
    const { send, calls } = build({ getHealth: () => ({ status: 'ok' }) });
    for (const nobody of [null, identity(['*'], false)]) {
      const { status, body } = await send(route.method, pathOf(route), { identity: nobody });
      expect([operation, status]).toEqual([operation, route.permission === 'public' ? 200 : 401]);
      if (status === 401) expect(body).toMatchObject({ code: 'unauthenticated' });
    }
    expect(calls.filter((name) => name !== 'getHealth')).toEqual([]);
  });

  it.each(routes.filter(([, route]) => route.permission !== 'public'))(
    'C13: %s is refused to every scope but its own',
    async (_operation, route) => {
      const { send, calls, dispatch } = build({});
      const [noun, verb] = route.permission.split(':') as [string, string];
      const others = [
        [],
        [`${noun}:other`],
        [`${noun}`],
        [`${noun}-admin:${verb}`],
        [`${noun}:`],
        [':*'],
        [`x${noun}:*`],
        [`${noun}:${verb}x`],
        [`${noun.toUpperCase()}:*`],
        ['**'],
      ];
      for (const scopes of others) {
        const response = await send(route.method, pathOf(route), { identity: identity(scopes) });
        expect([scopes, response.status, (response.body as { code: string }).code]).toEqual([scopes, 403, 'forbidden']);
      }
      expect(calls).toEqual([]);
      for (const scopes of [['*'], [`${noun}:*`], [route.permission]]) {
        expect(dispatch.precheck({ method: route.method, path: `${API_BASE}${pathOf(route)}`, identity: identity(scopes) })).toBeNull();
      }
    },
  );

  it('C15: a scope is its very letters', async () => {
    const { send } = build({});
    for (const scope of ['sessions-admin:*', 'ſessions:*', 'sessions：*', 'sessions:*\u0000', '*:read', '']) {
      expect((await send('GET', '/sessions', { identity: identity([scope]) })).status).toBe(403);
    }
  });
});

describe('where', () => {
  it('answers 404 on an unknown path and on OPTIONS, 405 with Allow on a wrong method', async () => {
    const { send, dispatch } = build({});
    for (const path of ['/nothing', '/sessions/', '/sessions//', '/Sessions', `/sessions/${ID}/x`, '']) {
      expect([path, (await send('GET', path)).status]).toEqual([path, 404]);
    }
    expect((await send('OPTIONS', '/sessions')).status).toBe(404);
    const wrong = await send('PUT', '/sessions');
    expect(wrong).toMatchObject({ status: 405, body: { code: 'method_not_allowed' } });
    expect(wrong.headers.allow).toBe('POST, GET');
    expect((await dispatch({ method: 'GET', path: '/api/v2/sessions', headers: {}, body: undefined, identity: OWNER })).status).toBe(404);
  });

  it('D1: parameters that are no id never reach a handler', async () => {
    const { send, calls } = build({});
    for (const id of ['..', '%2e%2e', '%2e%2e%2fetc', 'a%00b', '%ff', '%', 'x'.repeat(5000), '%5c..', `${ID}%20`]) {
      const { status, body } = await send('GET', `/sessions/${id}`);
      expect([id, status, (body as { code: string }).code]).toEqual([id, 400, 'bad_request']);
    }
    expect(calls).toEqual([]);
  });
});

describe('what', () => {
  it('names the field and what is expected there', async () => {
    const { send } = build({});
    const detail = async (method: string, path: string, body?: unknown) =>
      ((await send(method, path, { body })).body as { detail: string }).detail;
    expect(await detail('POST', '/sessions', { agent: '' })).toMatch(/^body\.agent must be at least 1 characters long\.$/);
    expect(await detail('POST', '/projects', {})).toMatch(/^body\.cwd is missing; it must be of type string\.$/);
    expect(await detail('POST', '/sessions')).toMatch(/^body is missing; it must be of type object\.$/);
    expect(await detail('POST', '/sessions', { agent: 'shell', cols: 1 })).toMatch(/^body\.cols must be at least 2\.$/);
    expect(await detail('GET', '/sessions?limit=0')).toMatch(/^query\.limit must be at least 1\.$/);
    expect(await detail('GET', '/sessions?limit=1&limit=2')).toBe('query.limit: given twice.');
    expect(await detail('GET', '/sessions/nope')).toMatch(/^path\.id must be a valid uuid\.$/);
    expect(await detail('DELETE', `/devices/${ID}`, {})).toBe('This route takes no body.');
  });

  it('C14: what the contract does not name is refused, on every route with a body', async () => {
    for (const [operation, route] of routes) {
      if (route.body === undefined) continue;
      const { send, calls } = build({});
      for (const extra of [{ role: 'admin' }, { owner: 'me' }, JSON.parse('{"__proto__":{"scopes":["*"]}}')]) {
        const { status } = await send(route.method, pathOf(route), { body: extra });
        expect([operation, status]).toEqual([operation, 400]);
      }
      expect(calls).toEqual([]);
    }
  });

  it('refuses a name of 300 characters and one with control bytes', async () => {
    const { send, calls } = build({});
    for (const name of ['x'.repeat(300), 'a\u001b[31mb', 'a\nb', 'a\u202eb', '   ', 'a\u0000']) {
      expect((await send('PATCH', `/sessions/${ID}`, { body: { name } })).status).toBe(400);
      expect((await send('POST', '/sessions', { body: { agent: 'shell', name } })).status).toBe(400);
    }
    expect(calls).toEqual([]);
  });

  it('gives the handler parsed values with defaults, and who asks', async () => {
    let seen: unknown;
    const { send } = build({
      listSessions: (call) => {
        seen = call;
        return { items: [], next_cursor: null };
      },
    });
    const response = await send('GET', '/sessions?archived=1&q=a%20b', { headers: { 'x-test': '1' } });
    expect(seen).toMatchObject({ query: { limit: 100, archived: true, q: 'a b' }, identity: OWNER, headers: { 'x-test': '1' } });
    expect(response).toMatchObject({ status: 200, operation: 'listSessions', body: { items: [], next_cursor: null } });
  });
});

describe('what leaves', () => {
  it('is what the contract names and nothing more', async () => {
    const { send } = build({ listDevices: () => ({ items: [{ ...device, psk: 'canary', public_key: 'canary' }], next_cursor: null }) });
    const { body } = await send('GET', '/devices');
    expect(JSON.stringify(body)).not.toContain('canary');
    expect(body).toEqual({ items: [device], next_cursor: null });
  });

  it('is a problem with its code for every failure', async () => {
    const { send, faults } = build({
      getSession: () => {
        throw new AfieldError('session_not_found', 'There is none.');
      },
    });
    const response = await send('GET', `/sessions/${ID}`);
    expect(response.headers['content-type']).toBe('application/problem+json');
    expect(response.body).toEqual({
      type: 'urn:afield:error:session_not_found',
      title: 'No such session',
      status: 404,
      code: 'session_not_found',
      detail: 'There is none.',
    });
    expect(faults).toEqual([]);
  });

  it('tells nothing of an unexpected fault but the number under which the log has it', async () => {
    const { send, faults } = build({
      getInfo: () => {
        throw new Error('canary /home/me/secret');
      },
      getStatus: () => ({ not: 'a status' }),
    });
    for (const path of ['/info', '/status']) {
      const { status, body } = await send('GET', path);
      expect(status).toBe(500);
      expect(body).toMatchObject({ code: 'internal', detail: expect.stringContaining('fault-1') });
      expect(JSON.stringify(body)).not.toContain('canary');
    }
    expect(faults).toHaveLength(2);
  });

  it('has the status that the route says', async () => {
    const { send } = build({ revokeDevice: () => undefined, getMetrics: () => 'text', getRecording: () => 'cast' });
    expect(await send('DELETE', `/devices/${ID}`)).toMatchObject({ status: 204, body: null, raw: null });
    expect(await send('GET', '/metrics')).toMatchObject({
      status: 200,
      raw: 'text',
      headers: { 'content-type': 'text/plain; version=0.0.4' },
    });
    expect((await send('GET', `/sessions/${ID}/recording`)).headers['content-type']).toBe('application/x-asciicast');
  });
});
