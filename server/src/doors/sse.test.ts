import { until } from '@afield/shared/until.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../core/clock.ts';
import type { Identity } from '../core/identity.ts';
import { startTestServer, type TestServer } from '../testing.ts';
import { openEventStream } from './sse.ts';

let server: TestServer;
const readers: AbortController[] = [];
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(async () => {
  for (const reader of readers.splice(0)) reader.abort();
  await server.stop();
});

const rename = (name: string) => server.app.events.publish('device.revoked', null, { device_id: name });

async function listen(target = '/events', headers: Record<string, string> = {}) {
  const stop = new AbortController();
  readers.push(stop);
  const response = await fetch(`${server.url}/api/v1${target}`, {
    headers: { authorization: `Bearer ${server.app.token}`, ...headers },
    signal: stop.signal,
  });
  const seen = { text: '', ended: false };
  void (async () => {
    try {
      for await (const chunk of response.body ?? []) seen.text += Buffer.from(chunk).toString();
    } catch {
      // aborted by the test
    }
    seen.ended = true;
  })();
  return { response, seen, stop };
}
const ids = (text: string) => [...text.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));

describe('server-sent events', () => {
  it('tell what happens from now on', async () => {
    rename('before');
    const { response, seen } = await listen();
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    await until('it stands', () => seen.text.startsWith('retry: 1000\n\n'));
    const { seq } = rename('now');
    await until('the event', () => ids(seen.text).includes(seq));
    const data = /^data: (.*)$/m.exec(seen.text)?.[1] as string;
    expect(JSON.parse(data)).toMatchObject({ type: 'device.revoked', seq, payload: { device_id: 'now' } });
    expect(seen.text).toContain('event: device.revoked\n');
  });

  it('resume with Last-Event-ID, which counts more than since', async () => {
    for (let n = 0; n < 500; n++) rename(String(n));
    const { seen } = await listen('/events?since=1', { 'last-event-id': '200' });
    await until('the stored ones', () => ids(seen.text).length === 300);
    rename('live');
    await until('the live one', () => ids(seen.text).length === 301);
    expect(ids(seen.text)).toEqual(Array.from({ length: 301 }, (_, i) => 201 + i));
  });

  it('say gap when what follows can no longer be told', async () => {
    rename('x');
    const { seen } = await listen('/events?since=900');
    await until('the gap', () => seen.text.includes('event: gap'));
    expect(seen.text).toContain('data: {"type":"gap","next_seq":2}');
    expect(
      (await server.call('GET', '/events', { headers: { authorization: `Bearer ${server.app.token}`, 'last-event-id': 'x' } })).status,
    ).toBe(400);
  });

  it('of one session are of that one alone, and of an unknown one there are none', async () => {
    const session = (await server.call('POST', '/sessions', { body: { agent: 'shell' } })).body as { id: string };
    const { seen } = await listen(`/sessions/${session.id}/events`);
    await until('it stands', () => seen.text !== '');
    rename('other');
    await server.call('PATCH', `/sessions/${session.id}`, { body: { name: 'mine' } });
    await until('the event', () => seen.text.includes('session.renamed'));
    expect(seen.text).not.toContain('device.revoked');
    expect((await server.call('GET', '/sessions/01890a5d-ac96-774b-bcce-b302099a8057/events')).status).toBe(404);
    await server.call('DELETE', `/sessions/${session.id}`);
  });

  it('are listed as connections while they last, and end with the server', async () => {
    const { stop, seen } = await listen();
    await until('it stands', () => seen.text !== '');
    expect((await server.call('GET', '/connections')).body).toMatchObject({ items: [{ door: 'sse', device_name: 'the desk' }] });
    stop.abort();
    await until('it is gone', async () => ((await server.call('GET', '/connections')).body as { items: unknown[] }).items.length === 0);
    const last = await listen();
    await until('it stands', () => last.seen.text !== '');
    await server.app.close();
    await until('it ended', () => last.seen.ended);
  });
});

describe('openEventStream', () => {
  const identity = (scopes: string[]): Identity & { revoked: boolean } => ({
    kind: 'device',
    device_id: 'd',
    device_name: 'd',
    user: 'owner',
    scopes,
    revoked: false,
    valid() {
      return !this.revoked;
    },
  });
  const deps = () => ({ clock: systemClock(), newId: () => 'id', events: server.app.events, connections: { add: () => () => {} } });

  it('holds little for a reader that does not read, and loses nothing', async () => {
    let queued = () => 0;
    const stop = new AbortController();
    const stream = openEventStream(
      { identity: identity(['*']), since: 0, session_id: null, signal: stop.signal },
      {
        ...deps(),
        connections: {
          add: (connection) => {
            queued = connection.bytesQueued;
            return () => {};
          },
        },
      },
    );
    for (let n = 0; n < 2_000; n++) rename('x'.repeat(1000));
    expect(queued()).toBeLessThan(200_000);
    let text = '';
    for await (const chunk of stream) {
      text += Buffer.from(chunk).toString();
      if (ids(text.slice(-2500)).at(-1) === 2_000) break;
    }
    expect(ids(text)).toEqual(Array.from({ length: 2_000 }, (_, i) => i + 1));
  });

  it('C16: tells nothing more once access ended', async () => {
    const who = identity(['*']);
    const stream = openEventStream({ identity: who, since: null, session_id: null, signal: undefined }, deps());
    const reader = stream[Symbol.asyncIterator]();
    expect(Buffer.from((await reader.next()).value as Uint8Array).toString()).toBe('retry: 1000\n\n');
    who.revoked = true;
    rename('secret');
    expect((await reader.next()).done).toBe(true);
  });

  it('tells only what the reader may hear', async () => {
    const stream = openEventStream({ identity: identity(['system:read']), since: null, session_id: null, signal: undefined }, deps());
    const reader = stream[Symbol.asyncIterator]();
    await reader.next();
    rename('secret');
    server.app.events.publish('machine.relay_changed', null, {
      relay: { state: 'off', url: null, spares: 0, channels: 0, detail: null, since: null },
    });
    expect(Buffer.from((await reader.next()).value as Uint8Array).toString()).toContain('machine.relay_changed');
    await reader.return?.();
  });
});
