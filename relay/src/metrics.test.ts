import { afterEach, describe, expect, it } from 'vitest';
import { type RunningRelay, startRelay } from './start.ts';
import { dialClient, dialPair, dialServer, newRoom, until } from './testing.ts';

let relay: RunningRelay;
afterEach(() => relay.close());
async function ask(path: string, init?: RequestInit): Promise<Response> {
  return fetch(relay.url.replace('ws:', 'http:') + path, init);
}
/** The value of one line of /metrics. */
async function metric(line: string): Promise<number> {
  const text = await (await ask('/metrics')).text();
  return Number(
    text
      .split('\n')
      .find((each) => each.startsWith(`${line} `))
      ?.slice(line.length),
  );
}

describe('GET /health', () => {
  it('answers 200 and counts', async () => {
    relay = await startRelay({ host: '127.0.0.1', port: 0 });
    await dialPair(relay.url);
    await dialServer(relay.url, newRoom());
    const answer = await ask('/health');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(await answer.json()).toEqual({
      status: 'ok',
      uptime_seconds: expect.any(Number),
      sockets: 3,
      rooms: 1,
      spares: 1,
      waiting: 0,
      pairs: 1,
      paused: 0,
    });
  });

  it('answers HEAD, and any query', async () => {
    relay = await startRelay({ host: '127.0.0.1', port: 0 });
    expect((await ask('/health?deep=1', { method: 'HEAD' })).status).toBe(200);
  });
});

describe('GET /metrics', () => {
  it('is Prometheus text that counts what has happened', async () => {
    relay = await startRelay({ host: '127.0.0.1', port: 0, rooms: undefined });
    expect((await ask('/metrics')).headers.get('content-type')).toContain('text/plain; version=0.0.4');
    const { client, server } = await dialPair(relay.url);
    client.send(Buffer.alloc(100));
    await server.take();
    await expect(dialServer(relay.url, { ...newRoom(), secret: newRoom().secret })).rejects.toThrow('HTTP 401');
    const silent = await dialClient(relay.url, newRoom());
    silent.ws.close();
    await silent.closed;
    expect(await metric('afield_relay_pairs')).toBe(1);
    expect(await metric('afield_relay_pairings_total')).toBe(1);
    expect(await metric('afield_relay_frames_total')).toBe(2);
    expect(await metric('afield_relay_bytes_total')).toBe(165);
    expect(await metric('afield_relay_sockets_total{role="client"}')).toBe(2);
    expect(await metric('afield_relay_refused_total{reason="secret"}')).toBe(1);
    await until(async () => (await metric('afield_relay_turned_away_total')) === 1);
    expect(await metric('process_resident_memory_bytes')).toBeGreaterThan(1e6);
    client.ws.close();
    await until(async () => (await metric('afield_relay_pair_seconds_count')) === 1);
  });

  it('belongs to one relay alone, however many live in the process', async () => {
    relay = await startRelay({ host: '127.0.0.1', port: 0 });
    await dialPair(relay.url);
    const other = await startRelay({ host: '127.0.0.1', port: 0 });
    const text = await (await fetch(`${other.url.replace('ws:', 'http:')}/metrics`)).text();
    await other.close();
    expect(text).toContain('afield_relay_pairings_total 0');
  });
});

it.each([
  ['GET', '/', 426],
  ['GET', '/relay', 426],
  ['POST', '/health', 405],
  ['DELETE', '/metrics', 405],
])('%s %s is answered with %i', async (method, path, status) => {
  relay = await startRelay({ host: '127.0.0.1', port: 0 });
  const answer = await ask(path, { method });
  expect(answer.status).toBe(status);
  expect(await answer.text()).toMatch(/\.\n$/);
});
