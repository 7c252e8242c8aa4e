import { afterEach, describe, expect, it, vi } from 'vitest';
import { AfieldError } from '../errors.ts';
import { arrived, ManualClock } from '../link/manual-clock.ts';
import { ScriptedHome } from '../link/scripted-home.ts';
import { AfieldClient } from './client.ts';
import type { Fetch } from './doors/http.ts';

const ID = '01939b0e-7c1a-7d8e-8a43-0d6f2b1c9e55';
const json = { 'content-type': 'application/json' };

const clients: AfieldClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

type Sent = { url: string; init: Parameters<Fetch>[1] };

/** A client over a `fetch` that notes what it is asked and answers what it is told. */
function overHttp(respond: (sent: Sent) => Response | Promise<Response>) {
  const sent: Sent[] = [];
  const clock = new ManualClock();
  const fetch: Fetch = async (url, init) => {
    sent.push({ url, init });
    return respond({ url, init });
  };
  const client = AfieldClient.http({ url: 'http://127.0.0.1:4096/', token: 'secret', fetch, clock });
  return { client, sent, clock };
}

function overPipe() {
  const clock = new ManualClock();
  const home = new ScriptedHome(() => clock.now());
  const client = AfieldClient.embedded(home.door().connect, { clock });
  clients.push(client);
  return { client, home, clock };
}

describe('call over HTTP', () => {
  it('sends the token in the header, never in the URL, and JSON as JSON', async () => {
    const { client, sent } = overHttp(() => Response.json({ id: ID, name: 'new' }));
    const session = await client.call('updateSession', { params: { id: ID }, body: { name: 'new' } });
    expect(session.name).toBe('new');
    expect(sent).toHaveLength(1);
    expect(sent[0]?.url).toBe(`http://127.0.0.1:4096/api/v1/sessions/${ID}`);
    expect(sent[0]?.init).toMatchObject({
      method: 'PATCH',
      headers: { authorization: 'Bearer secret', 'content-type': 'application/json' },
      body: '{"name":"new"}',
      redirect: 'error',
    });
  });

  it('gives nothing for an answer without a body', async () => {
    const { client } = overHttp(() => new Response(null, { status: 204 }));
    await expect(client.call('revokeDevice', { params: { id: ID } })).resolves.toBeUndefined();
  });

  it('gives bytes for what is no JSON', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const { client } = overHttp(() => new Response(bytes, { headers: { 'content-type': 'application/x-asciicast' } }));
    await expect(client.call('getRecording', { params: { id: ID } })).resolves.toEqual(bytes);
  });

  it('throws the error that the home server explains', async () => {
    const problem = new AfieldError('agent_not_installed', 'Install it: npm i -g x').toProblem();
    const { client } = overHttp(() => Response.json(problem, { status: 409, headers: { 'content-type': 'application/problem+json' } }));
    const failure = client.call('createSession', { body: { agent: 'claude' } });
    await expect(failure).rejects.toBeInstanceOf(AfieldError);
    await expect(failure).rejects.toMatchObject({ code: 'agent_not_installed', message: 'Install it: npm i -g x', status: 409 });
  });

  it.each([
    ['an error page of something else', () => new Response('<h1>502</h1>', { status: 502, headers: { 'content-type': 'text/html' } })],
    ['JSON that is cut', () => new Response('{"items":[', { headers: json })],
    ['an error without a code', () => Response.json({ message: 'no' }, { status: 500 })],
  ])('%s: says that this may be no home server', async (_, answer) => {
    const { client } = overHttp(answer);
    await expect(client.call('getInfo')).rejects.toMatchObject({ code: 'internal', message: expect.stringMatching(/not a home server/) });
  });

  it('says where nothing answers, and what to do', async () => {
    const { client } = overHttp(() => Promise.reject(new TypeError('fetch failed')));
    await expect(client.call('getInfo')).rejects.toMatchObject({
      code: 'unavailable',
      message: 'Nothing answers at http://127.0.0.1:4096. Is the home server running? Start it with: afield serve',
    });
  });

  const never = ({ init }: Sent) =>
    new Promise<Response>((_, reject) => init.signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError'))));

  it('gives up in time', async () => {
    const { client, clock } = overHttp(never);
    const failure = expect(client.call('getInfo', {}, { timeout_ms: 2000 })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/did not answer within 2 s/),
    });
    await clock.advance(2000);
    await failure;
    expect(clock.pending).toBe(0);
  });

  it('rejects with the reason of an abort', async () => {
    const { client, clock } = overHttp(never);
    const stop = new AbortController();
    const waiting = client.call('getInfo', {}, { signal: stop.signal });
    stop.abort(new Error('page closed'));
    await expect(waiting).rejects.toThrow('page closed');
    expect(clock.pending).toBe(0);
  });

  it('asks for the token of the moment', async () => {
    const token = vi.fn(async () => 'fresh');
    const seen: string[] = [];
    const fetch: Fetch = async (_, { headers }) => {
      seen.push(headers.authorization ?? '');
      return Response.json({ status: 'ok' });
    };
    await AfieldClient.http({ url: 'http://x', token, fetch }).call('getHealth');
    expect(seen).toEqual(['Bearer fresh']);
  });

  it('has no link, and says so', () => {
    const { client } = overHttp(() => Response.json({}));
    expect(() => client.link).toThrow(/no link/);
    client.close();
  });
});

describe('call over the link', () => {
  it('asks and is answered', async () => {
    const { client, home } = overPipe();
    home.http = () => ({ status: 200, headers: json, body: { items: [], next_cursor: null } });
    await expect(client.call('listSessions', { query: { limit: 5 } })).resolves.toEqual({ items: [], next_cursor: null });
    expect(home.requests[0]?.payload).toEqual({ action: 'http', method: 'GET', path: '/api/v1/sessions?limit=5' });
  });

  it('throws the error that the home server explains', async () => {
    const { client, home } = overPipe();
    const body = new AfieldError('session_not_found', 'No such session.').toProblem();
    home.http = () => ({ status: 404, headers: { 'content-type': 'application/problem+json' }, body });
    await expect(client.call('getSession', { params: { id: ID } })).rejects.toMatchObject({ code: 'session_not_found' });
  });

  it('gives bytes for what is no JSON, and nothing where there is nothing', async () => {
    const { client, home } = overPipe();
    home.http = () => ({ status: 200, headers: { 'content-type': 'text/plain; version=0.0.4' }, body: { base64: '/wAB' } });
    await expect(client.call('getMetrics')).resolves.toEqual(Uint8Array.of(255, 0, 1));
    home.http = () => ({ status: 204, headers: {}, body: null });
    await expect(client.call('revokeDevice', { params: { id: ID } })).resolves.toBeUndefined();
    home.http = () => ({ status: 200, headers: { 'content-type': 'text/html' }, body: { base64: '*' } });
    await expect(client.call('getDocs')).rejects.toMatchObject({ code: 'internal' });
  });

  it('A22: repeats a create under its id when the line broke, but not a key press', async () => {
    const { client, home, clock } = overPipe();
    home.held.add('http');
    const created = client.call('createSession', { body: { agent: 'shell' } });
    const typed = expect(client.call('inputSession', { params: { id: ID }, body: { text: 'x' } })).rejects.toMatchObject({
      code: 'unavailable',
    });
    await arrived();
    home.guest.pair.cut();
    home.held.clear();
    await clock.advance(0);
    await typed;
    await created;
    const bodies = home.requests.map(({ payload }) => (payload.action === 'http' ? (payload.body as { id?: string }) : null));
    expect(bodies).toHaveLength(3);
    expect(bodies[2]).toEqual(bodies[0]);
    expect(bodies[0]?.id).toBeDefined();
  });

  it('does not call for a stream of events', async () => {
    const { client } = overPipe();
    await expect(client.call('getEvents')).rejects.toMatchObject({ code: 'bad_request' });
  });

  it('connects at the first use, and says goodbye', async () => {
    const { client, home } = overPipe();
    expect(home.dials).toBe(0);
    await client.link.ready();
    expect(client.link.connection.value).toMatchObject({ state: 'online', via: 'local' });
    client.close();
    expect(client.link.connection.value).toEqual({ state: 'closed' });
  });
});
