/** The main way: a phone, a relay that knows nothing, this server, and a program in a terminal. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Device } from '@afield/shared/api/devices.ts';
import type { Status } from '@afield/shared/api/system.ts';
import type { AfieldClient } from '@afield/shared/client/client.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { until } from '@afield/shared/until.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningRelay, startRelay } from '../../relay/src/start.ts';
import { newPairing, newPhone, Phone, startTestServer, type TestServer } from './testing.ts';

let relay: RunningRelay;
let server: TestServer;
const clients: AfieldClient[] = [];
const connect = (phone: Phone) => {
  const client = phone.client();
  clients.push(client);
  return client;
};
const relayState = async () => ((await server.call('GET', '/status')).body as Status).relay;

beforeEach(async () => {
  relay = await startRelay({ port: 0 });
  server = await startTestServer({ env: { AFIELD_RELAY: relay.url } });
  await until('spares wait at the relay', async () => (await relayState()).spares === 3);
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server.stop();
  await relay.close();
});

/** Opens a session's terminal and collects what it shows. */
function watch(client: AfieldClient, session_id: string) {
  const seen = { text: '', closed: null as string | null, snapshots: 0 };
  const decoder = new TextDecoder();
  const stream = client.link.attach(
    { session_id, cols: 80, rows: 24, lease: 'take' },
    {
      onSnapshot: (bytes, offset) => {
        seen.snapshots++;
        seen.text += decoder.decode(bytes);
        stream.consumed(offset);
      },
      onOutput: (bytes, offset) => {
        seen.text += decoder.decode(bytes);
        stream.consumed(offset + bytes.length);
      },
      onClosed: (reason) => {
        seen.closed = reason;
      },
    },
  );
  return { seen, stream };
}

describe('through the relay', () => {
  it('pairs, lists, starts a shell, types, sees, and leaves nothing readable behind', async () => {
    const pairing = await newPairing(server);
    const phone = await new Phone(pairing.link).pair();
    const { body } = await server.call('GET', `/pairings/${pairing.id}`);
    expect(body).toMatchObject({ state: 'paired', check: phone.check, device: { name: 'Test phone', scopes: ['*'] } });
    expect(pairing.fingerprint).toBe(server.app.fingerprint);

    const client = connect(phone);
    expect(await client.call('listSessions')).toEqual({ items: [], next_cursor: null });
    const session = await client.call('createSession', { body: { agent: 'shell', name: 'by phone' } });
    const { seen, stream } = watch(client, session.id);
    await until('the terminal takes keys', () => stream.sendable);
    stream.input('echo "seen-$((6*7))" > proof; cat proof\r');
    await until('the answer on the screen', () => seen.text.includes('seen-42'));
    expect(readFileSync(path.join(server.home, 'proof'), 'utf8')).toBe('seen-42\n');

    await client.call('deleteSession', { params: { id: session.id } });
    await until('the stream ends', () => seen.closed === 'ended');
    expect((await client.call('getSession', { params: { id: session.id } })).status).toBe('cancelled');
  });

  it('tells every other device of a new one, and the relay’s state to all', async () => {
    const first = connect(await newPhone(server));
    const told: AfieldEvent[] = [];
    const subscription = first.link.subscribe({ topics: ['device.*', 'machine.*'] }, (event) => told.push(event));
    await until('the subscription stands', () => subscription.lastSeq !== null || first.link.connection.value.state === 'online');
    await first.call('getInfo');
    await newPhone(server);
    await until('it heard of the second', () => told.some((event) => event.type === 'device.paired'));
  });

  it('A24: a revoked device hears nothing more, and comes in no more', async () => {
    const phone = await newPhone(server);
    const other = connect(await newPhone(server));
    const client = connect(phone);
    const session = await client.call('createSession', { body: { agent: 'shell' } });
    const { seen, stream } = watch(client, session.id);
    await until('the terminal takes keys', () => stream.sendable);
    stream.input('while :; do echo flood; done\r');
    await until('output floods', () => seen.text.length > 100_000);

    const { items } = (await server.call('GET', '/devices')).body as { items: Device[] };
    const own = items.find((device) => device.online && device.id !== other.link.welcome?.device_id) as Device;
    expect((await server.call('DELETE', `/devices/${own.id}`)).status).toBe(204);
    const { items: connections } = (await server.call('GET', '/connections')).body as { items: { device_id: string }[] };
    expect(connections.map((connection) => connection.device_id)).not.toContain(own.id);
    await until('the phone knows', () => client.link.connection.value.state === 'refused');
    await expect(phone.handshake('session')).rejects.toThrow();
    await expect(client.call('listSessions')).rejects.toMatchObject({ code: 'unauthenticated' });
    expect((await other.call('listDevices')).items.find((device) => device.id === own.id)).toMatchObject({ online: false });
    await server.call('DELETE', `/sessions/${session.id}`);
  });

  it('A26: one device twice at once: both work, both are listed', async () => {
    const phone = await newPhone(server);
    const [one, two] = [connect(phone), connect(phone)];
    await Promise.all([one.call('getInfo'), two.call('getInfo')]);
    const { items } = await one.call('listConnections');
    expect(items.map((connection) => connection.door)).toEqual(['relay', 'relay']);
    expect(new Set(items.map((connection) => connection.id)).size).toBe(2);
    expect(new Set(items.map((connection) => connection.device_id)).size).toBe(1);
  });

  it('a device with few rights gets just those, request by request', async () => {
    const session = (await server.call('POST', '/sessions', { body: { agent: 'shell' } })).body as { id: string };
    const reader = connect(await newPhone(server, ['sessions:read']));
    expect((await reader.call('listSessions')).items).toHaveLength(1);
    await expect(reader.call('createSession', { body: { agent: 'shell' } })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(reader.call('createPairing', { body: {} })).rejects.toMatchObject({ code: 'forbidden' });
    const { seen, stream } = watch(reader, session.id);
    await until('it sees the screen', () => seen.snapshots > 0);
    await expect(stream.resize(100, 30)).rejects.toMatchObject({ code: 'forbidden' });
    stream.input('touch typed\r');
    await until('typing ends its stream', () => seen.closed === 'forbidden');
    expect((await server.call('GET', `/sessions/${session.id}`)).body).toMatchObject({ cols: 80, rows: 24, viewers: 0 });
  });

  it('B11: the relay restarts: everybody is back, and it was said why', async () => {
    const client = connect(await newPhone(server));
    await client.call('getInfo');
    const { port } = relay;
    await relay.close();
    const down = await until('the server knows', async () => {
      const state = await relayState();
      return state.state === 'down' && /Nothing listens/.test(state.detail ?? '') ? state : null;
    });
    expect(down).toMatchObject({ spares: 0, channels: 0 });
    relay = await startRelay({ port });
    await until('spares wait again', async () => (await relayState()).spares === 3);
    await client.call('getInfo', {}, { timeout_ms: 20_000 });
    const events = server.app.events.read({ since: 0, limit: 100, types: ['machine.relay_changed'] });
    expect(events.map((event) => (event.payload as { relay: { state: string } }).relay.state)).toEqual(
      expect.arrayContaining(['up', 'down']),
    );
  });

  it('keeps three spares however many come, and lets go of who leaves', async () => {
    const phone = await newPhone(server);
    const many = Array.from({ length: 6 }, () => connect(phone));
    await Promise.all(many.map((client) => client.call('getInfo')));
    await until('six channels and three spares', async () => {
      const state = await relayState();
      return state.channels === 6 && state.spares === 3;
    });
    for (const client of many) client.close();
    await until('no channel is left', async () => (await relayState()).channels === 0);
    expect(((await server.call('GET', '/connections')).body as { items: unknown[] }).items).toEqual([]);
  });
});
