import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RelayState } from '@afield/shared/api/system.ts';
import { SUBPROTOCOL } from '@afield/shared/rendezvous.ts';
import { until } from '@afield/shared/until.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { type ManualClock, manualClock } from '../core/manual-clock.ts';
import type { Admit } from './admission.ts';
import { RelayDoor } from './relay.ts';
import { faultOfClose, faultOfError, faultOfStatus } from './relay-faults.ts';

const ROOM = 'r'.repeat(43);
const SECRET = 's'.repeat(43);

let http: Server;
let sockets: WebSocketServer;
let clock: ManualClock;
let spares: WebSocket[];
let offers: { protocols: string | undefined; authorization: string | undefined }[];
/** What the relay answers instead of opening the socket. */
let status: number | null;
let told: RelayState[];
let door: RelayDoor | null;
const taken = new WeakMap<object, () => void>();

beforeEach(async () => {
  clock = manualClock();
  spares = [];
  offers = [];
  told = [];
  status = null;
  door = null;
  http = createServer();
  sockets = new WebSocketServer({ noServer: true, handleProtocols: () => SUBPROTOCOL });
  http.on('upgrade', (request, socket, head) => {
    offers.push({ protocols: request.headers['sec-websocket-protocol'], authorization: request.headers.authorization });
    if (status !== null) {
      socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (spare) => spares.push(spare));
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`;
});
afterEach(async () => {
  door?.close();
  for (const socket of sockets.clients) socket.terminate();
  http.close();
  http.closeAllConnections();
  await once(http, 'close');
});

let url: string;
const open = () => spares.filter((spare) => spare.readyState === spare.OPEN);
/** Admits nobody until told to: a spare just waits, as with a real handshake. */
const patient: Admit = (socket, _door, onTaken) =>
  new Promise((resolve) => {
    socket.onMessage = () => {
      onTaken();
      taken.set(socket, () => resolve(true));
    };
    socket.onClose = () => resolve(false);
  });
function start(options: Partial<ConstructorParameters<typeof RelayDoor>[0]> = {}) {
  door = new RelayDoor({
    url,
    room: ROOM,
    roomSecret: SECRET,
    spares: 3,
    clock,
    random: () => 0,
    admit: patient,
    onState: (state) => told.push(state),
    log: { info: () => {}, warn: () => {} },
    ...options,
  });
  door.start();
  return door;
}

describe('RelayDoor', () => {
  it('keeps its spares in the room, with the secret in a header', async () => {
    const relay = start();
    await until('three spares', () => relay.state.spares === 3);
    expect(offers).toEqual(Array.from({ length: 3 }, () => ({ protocols: `${SUBPROTOCOL},${ROOM}`, authorization: `Bearer ${SECRET}` })));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ state: 'up', detail: null });
  });

  it('dials another as soon as one is taken', async () => {
    const relay = start();
    await until('three spares', () => relay.state.spares === 3);
    open()[0]?.send(Buffer.alloc(65));
    await until('three again', () => relay.state.spares === 3 && open().length === 4);
    expect(relay.state.channels).toBe(0);
  });

  it.each([
    [401, /refused the key/],
    [403, new RegExp(`Add its room to RELAY_ROOMS there: ${ROOM}`)],
    [429, /too many connections/],
    [404, /no Afield relay/],
    [302, /redirect/],
    [502, /proxy in front/],
  ])('says what an answer of %i means, and tries again later and later', async (code, detail) => {
    status = code;
    const relay = start();
    await until('it is down', () => relay.state.state === 'down');
    expect(relay.state.detail).toMatch(detail);
    for (const [nth, delay] of [1_000, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000].entries()) {
      await until('the failure was dealt with', () => relay.waiting);
      clock.advance(delay - 1);
      expect(relay.waiting).toBe(true);
      clock.advance(1);
      await until('the next attempt', () => offers.length === nth + 2);
    }
    expect(told.filter((state) => state.state === 'down')).toHaveLength(1);
    await until('the last failure was dealt with', () => relay.waiting);
    status = null;
    clock.advance(30_000);
    await until('it is up', () => relay.state.state === 'up');
    expect(relay.state.since).not.toBe(told[0]?.since);
  });

  it('shortens each wait by chance, to half at the least', async () => {
    status = 502;
    const relay = start({ random: () => 0.999 });
    await until('it is down', () => relay.state.state === 'down' && relay.waiting);
    clock.advance(499);
    expect(offers).toHaveLength(1);
    clock.advance(2);
    await until('the second attempt', () => offers.length === 2);
  });

  it('comes back at once after a line that had stood', async () => {
    const relay = start();
    await until('three spares', () => relay.state.spares === 3);
    clock.advance(6_000);
    for (const spare of open()) spare.terminate();
    await until('it is down', () => relay.state.state === 'down');
    clock.advance(0);
    await until('three again', () => relay.state.spares === 3);
    expect(told.map((state) => state.state)).toEqual(['up', 'down', 'up']);
  });

  it('B10: finds a half-open spare within 60 s, and replaces it', async () => {
    const relay = start();
    await until('three spares', () => relay.state.spares === 3);
    // A peer that has gone: it neither answers pings nor closes.
    for (const spare of open()) spare.pause();
    clock.advance(60_000);
    await until('all three were cut', () => relay.state.spares === 0);
    clock.advance(0);
    await until('new ones wait', () => relay.state.spares === 3);
  });

  it('G7: after the machine slept, dials anew at once', async () => {
    const relay = start();
    await until('three spares', () => relay.state.spares === 3);
    clock.advance(6_000);
    const awake = clock.now;
    clock.now = () => awake() + 8 * 3_600_000;
    clock.advance(5_000);
    await until('the old lines are cut', () => relay.state.spares === 0);
    clock.advance(0);
    await until('new ones wait', () => relay.state.spares === 3);
    clock.advance(5_000);
    expect(relay.state.spares).toBe(3);
  });

  it('keeps lines that answer', async () => {
    const relay = start();
    await until('three spares', () => relay.state.spares === 3);
    for (let seconds = 0; seconds < 300; seconds += 25) {
      const pongs = open().map((spare) => once(spare, 'ping'));
      clock.advance(25_000);
      await Promise.all(pongs);
      // The answer has to arrive before time goes on.
      await Promise.all(
        open().map((spare) => new Promise<void>((resolve) => spare.ping('', false, () => resolve())).then(() => once(spare, 'pong'))),
      );
    }
    expect(offers).toHaveLength(3);
  });

  it('B16: dials at most 60 times in ten seconds, whatever is done to its spares', async () => {
    const refusing: Admit = (socket, _door, onTaken) => {
      onTaken();
      socket.close(1008);
      return Promise.resolve(false);
    };
    start({ admit: refusing });
    await until('it pauses', () => offers.length === 60);
    await until('all are closed', () => open().length === 0);
    clock.advance(9_000);
    expect(offers).toHaveLength(60);
    clock.advance(1_000);
    await until('it goes on', () => offers.length > 60);
  });

  it('does not fight a relay that keeps fewer spares', async () => {
    const relay = start();
    await until('three spares', () => relay.state.spares === 3);
    open()[0]?.close(1013);
    await until('two are left', () => relay.state.spares === 2);
    clock.advance(60_000 - 6_000);
    expect(relay.state.spares).toBe(2);
    expect(offers).toHaveLength(3);
  });

  it('says that nothing listens, and stops for good when closed', async () => {
    http.close();
    await once(http, 'close');
    const relay = start();
    await until('it is down', () => relay.state.state === 'down');
    expect(relay.state.detail).toMatch(/^Nothing listens at this address/);
    relay.close();
    clock.advance(100_000);
    expect(relay.state.state).toBe('down');
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
  });
});

describe('faults', () => {
  it('each say what to do', () => {
    for (const code of ['ENOTFOUND', 'CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID', 'ETIMEDOUT', 'EWHATEVER']) {
      expect(faultOfError(Object.assign(new Error('x'), { code }))).toMatch(/^[A-Z].*[.?)]$/);
    }
    expect(faultOfError(new AggregateError([Object.assign(new Error('x'), { code: 'ECONNREFUSED' })]) as never)).toContain(
      'Nothing listens',
    );
    expect([1001, 1006, 1008, 1013].map(faultOfClose).every((text) => /^[A-Z].*\.$/.test(text))).toBe(true);
    expect(faultOfStatus(418, ROOM)).toBe('It refused the connection (418).');
  });
});
