/** G15: networks as they are: a proxy that cuts every WebSocket after a while, and a machine that has IPv6 alone. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Session } from '@afield/shared/api/sessions.ts';
import type { Status } from '@afield/shared/api/system.ts';
import { until } from '@afield/shared/until.ts';
import { uuidv7 } from 'uuidv7';
import { afterEach, describe, expect, it } from 'vitest';
import { startRelay } from '../../relay/src/start.ts';
import { newPhone, startTestServer } from './testing.ts';

const CUT_MS = 700;
const CUTS = 4;
const ends: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Hands bytes on. `cut` ends all that it carries, without a word, as a proxy does after its time. */
async function cuttingProxy(port: number) {
  const carried = new Set<Socket>();
  const listening: Server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      carried.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        carried.delete(one);
        other.destroy();
      });
    }
  }).listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const cut = () => {
    const count = carried.size / 2;
    for (const socket of carried) socket.destroy();
    return count;
  };
  ends.push(() => {
    cut();
    listening.close();
  });
  return { url: `ws://127.0.0.1:${(listening.address() as AddressInfo).port}`, cut };
}

describe('G15', () => {
  it('a proxy that cuts every WebSocket now and then: phone and home server come back, say how it is, and do each thing once', {
    timeout: 60_000,
  }, async () => {
    const relay = await startRelay({ port: 0 });
    ends.push(() => relay.close());
    const proxy = await cuttingProxy(relay.port);
    const server = await startTestServer({ env: { AFIELD_RELAY: proxy.url } });
    ends.push(() => server.stop());
    const relayState = async () => ((await server.call('GET', '/status')).body as Status).relay;
    await until('spares wait at the relay', async () => (await relayState()).state === 'up');
    const client = (await newPhone(server)).client();
    ends.push(() => client.close());
    const states: string[] = [];
    client.link.connection.subscribe(({ state }) => {
      if (states.at(-1) !== state) states.push(state);
    });
    await client.link.ready({ patient: true });
    const { id } = await client.call('createSession', { body: { agent: 'shell' } });
    let shown = '';
    const decoder = new TextDecoder();
    const stream = client.link.attach(
      { session_id: id, cols: 80, rows: 24, lease: 'take' },
      {
        onSnapshot(bytes, offset) {
          shown = decoder.decode(bytes);
          stream.consumed(offset);
        },
        onOutput(bytes, offset) {
          shown += decoder.decode(bytes);
          stream.consumed(offset + bytes.length);
        },
        onClosed: () => {},
      },
    );
    for (let n = 1; n <= CUTS; n++) {
      const made = { id: uuidv7(), agent: 'shell', name: `made ${n}` };
      const asked = client.call('createSession', { body: made });
      await new Promise((resolve) => setTimeout(resolve, n % 2 === 0 ? CUT_MS : 0));
      const before = states.length;
      expect(proxy.cut()).toBeGreaterThan(0);
      await until('it says that the line is cut', () => states.slice(before).includes('reconnecting'), 20_000);
      await until('it is back by itself', () => states.at(-1) === 'online', 20_000);
      const first = await asked.catch((error: { code?: string }) => error.code);
      if (typeof first === 'string') expect(first).toBe('unavailable');
      expect(await client.call('createSession', { body: made })).toMatchObject({ id: made.id });
      await until('the terminal takes keys', () => stream.sendable, 20_000);
      stream.input(`echo "after $((${n}*111))"\r`);
      await until('it goes on', () => shown.includes(`after ${n * 111}`), 20_000);
    }
    const { items } = (await server.call('GET', '/sessions')).body as { items: Session[] };
    expect(
      items
        .map(({ name }) => name)
        .filter((name) => name.startsWith('made'))
        .sort(),
    ).toEqual(Array.from({ length: CUTS }, (_, n) => `made ${n + 1}`));
    await until('the home server is at the relay again', async () => (await relayState()).state === 'up', 20_000);
    expect(new Set(states)).not.toContain('refused');
  });

  const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'));
  it.skipIf(!hasIpv6)(
    '::1 alone: the home server listens there, says so, and is reached by HTTP and WebSocket (skipped where there is no ::1)',
    async () => {
      const server = await startTestServer({ env: { AFIELD_HOST: '::1' } });
      ends.push(() => server.stop());
      expect(server.url).toBe(`http://[::1]:${server.port}`);
      expect((await server.call('GET', '/info')).status).toBe(200);
      await expect(fetch(`http://127.0.0.1:${server.port}/api/v1/health`)).rejects.toThrow();
      const { AfieldClient } = await import('@afield/shared/client/client.ts');
      const { WebSocket } = await import('ws');
      const client = AfieldClient.websocket({ url: server.url, token: server.app.token, WebSocket: WebSocket as never });
      ends.push(() => client.close());
      expect(await client.call('listSessions')).toEqual({ items: [], next_cursor: null });
    },
  );

  it.skipIf(!hasIpv6)(
    '::1 alone: a relay there is dialled by home server and phone (skipped where there is no ::1)',
    { timeout: 30_000 },
    async () => {
      const relay = await startRelay({ port: 0, host: '::1' });
      ends.push(() => relay.close());
      const server = await startTestServer({ env: { AFIELD_RELAY: `ws://[::1]:${relay.port}`, AFIELD_HOST: '::1' } });
      ends.push(() => server.stop());
      await until('it is at the relay', async () => ((await server.call('GET', '/status')).body as Status).relay.state === 'up');
      const client = (await newPhone(server)).client();
      ends.push(() => client.close());
      expect(await client.call('listSessions')).toEqual({ items: [], next_cursor: null });
    },
  );
});
