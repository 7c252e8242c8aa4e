/** A relay whose certificate nobody vouches for is refused before anything is said to it. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Status } from '@afield/shared/api/system.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type House, startHouse, until } from './kit.ts';

/** Signed by itself; its key is public, in this repository, and good for nothing else. */
const PEM = readFileSync(path.join(import.meta.dirname, 'fixtures/self-signed.pem'));

let impostor: Server;
let house: House;
let handshakes = 0;
const heard: string[] = [];

beforeAll(async () => {
  impostor = createServer({ key: PEM, cert: PEM });
  impostor.on('connection', () => {
    handshakes += 1;
  });
  impostor.on('request', (request) => heard.push(`${request.method} ${request.url}`));
  impostor.on('upgrade', (request, socket) => {
    heard.push(`upgrade ${request.headers.authorization}`);
    socket.destroy();
  });
  impostor.listen(0, '127.0.0.1');
  await once(impostor, 'listening');
  house = await startHouse({ relayUrl: `wss://127.0.0.1:${(impostor.address() as AddressInfo).port}` });
});
afterAll(async () => {
  await house?.stop();
  impostor?.closeAllConnections();
  impostor?.close();
});

it('B17: a relay with a certificate of its own making is refused, hears no secret, and the status says why', async () => {
  await until('the home server has tried', () => handshakes > 0);
  const { relay } = await until('it is told as down', async () => {
    const status = await house.get<Status>('/status');
    return status.relay.state === 'down' || status.relay.detail !== null ? status : null;
  });
  expect(relay.state).not.toBe('up');
  expect(relay.detail).toMatch(/certificate/i);
  expect(heard).toEqual([]);
});
