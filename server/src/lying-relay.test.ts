/** What a hostile relay, network or device can do to this server: kill its own channel, and nothing else. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Device, Pairing } from '@afield/shared/api/devices.ts';
import type { Project } from '@afield/shared/api/projects.ts';
import type { Status } from '@afield/shared/api/system.ts';
import { ChannelError } from '@afield/shared/channel/channel-error.ts';
import type { OpenedChannel } from '@afield/shared/channel/opening.ts';
import { dropMessage, duplicateMessage, flipBit, swapMessages, type Tamper } from '@afield/shared/link/memory-pair.ts';
import { encodeMessage, request } from '@afield/shared/link/message-codec.ts';
import { until } from '@afield/shared/until.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { systemClock } from './core/clock.ts';
import { LyingRelay } from './lying-relay.ts';
import { dialRoom, firstText, newPairing, newPhone, Phone, startTestServer, type TestServer } from './testing.ts';

let relay: LyingRelay;
let server: TestServer;
let skew = 0;
const start = async (home?: string) => {
  const system = systemClock();
  const clock = { ...system, monotonic: () => system.monotonic() + skew };
  server = await startTestServer({ env: { AFIELD_RELAY: relay.url }, overrides: { clock }, ...(home === undefined ? {} : { home }) });
  await until('spares wait', () => relay.spares === 3);
};
beforeEach(async () => {
  skew = 0;
  relay = await LyingRelay.start();
  await start();
});
afterEach(async () => {
  await server.stop();
  await relay.close();
});

const devices = async () => ((await server.call('GET', '/devices')).body as { items: Device[] }).items;
const projects = async () =>
  ((await server.call('GET', '/projects')).body as { items: Project[] }).items.map((project) => project.name).sort();
const stateOf = async (pairing: Pairing) => ((await server.call('GET', `/pairings/${pairing.id}`)).body as Pairing).state;
const failure = (attempt: Promise<unknown>) =>
  attempt.then(
    () => 'let in',
    (error: unknown) => (error instanceof ChannelError ? error.end.kind : String(error)),
  );
/** The system goes on: an honest device comes in and is answered. */
async function expectGoingOn() {
  relay.toServer = null;
  relay.toClient = null;
  await until('a spare waits', () => relay.spares > 0);
  const client = (await newPhone(server)).client();
  expect((await client.call('getInfo')).name).toBe('afield');
  client.close();
}

/** Three commands, one record each, that leave a trace: `one`, `two`, `three`. Resolves when the server has closed. */
async function sendThree({ channel, closed }: OpenedChannel & { closed: Promise<number> }): Promise<number> {
  for (const name of ['one', 'two', 'three']) {
    mkdirSync(path.join(server.home, name), { recursive: true });
    const body = { cwd: path.join(server.home, name) };
    channel.sendText(encodeMessage(request(name, 'http', { method: 'POST', path: '/api/v1/projects', body }, Date.now())));
  }
  return closed;
}
/** Frames 0 and 1 are the handshake; the commands are 2, 3, 4. */
const TWO = 3;
const change =
  (n: number, act: (message: Uint8Array) => readonly Uint8Array[]): Tamper =>
  (message, index) =>
    index === n ? act(message) : [message];

describe('records', () => {
  it.each<[string, Tamper, string[]]>([
    ['A9: a duplicate frame', duplicateMessage(TWO), ['one', 'two']],
    ['A10: two frames swapped', swapMessages(TWO), ['one']],
    ['A11: a dropped frame', dropMessage(TWO), ['one']],
    ['A12: the last byte cut', change(TWO, (m) => [m.subarray(0, -1)]), ['one']],
    ['A12: an empty frame', change(TWO, (m) => [new Uint8Array(0), m]), ['one']],
    ['A13: a bit flipped in the first byte', flipBit(TWO, 0, 0), ['one']],
    ['A13: a bit flipped in the tag', change(TWO, (m) => [m.with(m.length - 1, (m.at(-1) as number) ^ 0x80)]), ['one']],
    ['an injected frame', change(TWO, (m) => [new Uint8Array(272).fill(7), m]), ['one']],
    [
      'an earlier frame once more',
      (() => {
        let first: Uint8Array;
        return (message, index) => {
          if (index === TWO - 1) first = message.slice();
          return index === TWO ? [first, message] : [message];
        };
      })(),
      ['one'],
    ],
  ])('%s kills the channel: nothing after it is executed, and the system goes on', async (_what, tamper, executed) => {
    const phone = await newPhone(server);
    relay.toServer = tamper;
    const opened = await phone.handshake('session');
    await firstText(opened.channel);
    expect(await sendThree(opened)).toBe(1008);
    await until('what came before is done', async () => (await projects()).length >= executed.length);
    expect((await server.call('GET', '/connections')).body).toMatchObject({ items: [] });
    await expectGoingOn();
    expect(await projects()).toEqual(executed);
  });

  it('A14: the server’s own frame, reflected to it, kills the channel', async () => {
    const phone = await newPhone(server);
    const opened = await phone.handshake('session');
    await firstText(opened.channel);
    const { server: leg, answered } = relay.pairings.at(-1) as (typeof relay.pairings)[number];
    leg.send(answered[1] as Buffer);
    await opened.closed;
    expect(await devices()).toHaveLength(1);
    await expectGoingOn();
  });

  it('an oversized frame ends the line, and the system goes on', async () => {
    const opened = await (await newPhone(server)).handshake('session');
    await firstText(opened.channel);
    relay.pairings.at(-1)?.server.send(Buffer.alloc(65_536));
    expect(await opened.closed).toBe(1009);
    await expectGoingOn();
  });

  it('a text frame kills the channel', async () => {
    const opened = await (await newPhone(server)).handshake('session');
    await firstText(opened.channel);
    relay.pairings.at(-1)?.server.send('text');
    await opened.closed;
    await expectGoingOn();
  });
});

describe('handshakes', () => {
  it('A1: a wrong secret is refused and counts; the fifth burns the ticket', async () => {
    const pairing = await newPairing(server);
    const phone = new Phone(pairing.link);
    for (let failures = 1; failures <= 5; failures++) {
      expect(await stateOf(pairing)).toBe('open');
      expect(await failure(phone.handshake('pair', { secret: new Uint8Array(32) }))).toBe('refused');
      await until('a spare waits', () => relay.spares > 0);
    }
    expect(await stateOf(pairing)).toBe('burnt');
    expect(await failure(phone.handshake('pair'))).toBe('refused');
    expect(await devices()).toEqual([]);
    await expectGoingOn();
  });

  it('A2: a used ticket is refused', async () => {
    const { link } = await newPairing(server);
    await new Phone(link).pair();
    expect(await failure(new Phone(link).handshake('pair'))).toBe('refused');
    expect(await devices()).toHaveLength(1);
  });

  it('A3: two that race on one ticket give exactly one device', async () => {
    const { link } = await newPairing(server);
    let waiting = 0;
    let release = () => {};
    const both = new Promise<void>((resolve) => {
      release = resolve;
    });
    const racer = () =>
      failure(
        new Phone(link).handshake('pair', {
          beforeMsg3: () => {
            if (++waiting === 2) release();
            return both;
          },
        }),
      );
    expect((await Promise.all([racer(), racer()])).sort()).toEqual(['let in', 'refused']);
    expect(await devices()).toHaveLength(1);
  });

  it('A4: an expired ticket is refused, and so is an unknown one', async () => {
    const pairing = await newPairing(server);
    const phone = new Phone(pairing.link);
    expect(await failure(phone.handshake('pair', { ticketId: new Uint8Array(8).fill(1) }))).toBe('refused');
    await until('a spare waits', () => relay.spares > 0);
    skew += 120_001;
    expect(await failure(phone.handshake('pair'))).toBe('refused');
    expect(await stateOf(pairing)).toBe('expired');
    skew -= 120_001;
    expect(await devices()).toEqual([]);
  });

  it('A5, A6: unknown, revoked and mistaken devices get the same close', async () => {
    const phone = await newPhone(server);
    const [device] = await devices();
    const wrongPsk = phone.handshake('session', { secret: new Uint8Array(32) });
    expect(await failure(wrongPsk)).toBe('refused');
    const stranger = new Phone((await newPairing(server)).link);
    expect(await failure(stranger.handshake('session', { secret: new Uint8Array(32) }))).toBe('refused');
    await server.call('DELETE', `/devices/${device?.id}`);
    await until('a spare waits', () => relay.spares > 0);
    expect(await failure(phone.handshake('session'))).toBe('refused');
    const ends = relay.pairings.slice(1).map(({ answered }) => answered.map((frame) => frame.length));
    expect(ends).toEqual([[64], [64], [64]]);
    await expectGoingOn();
  });

  it('A7: a device that expects another server’s key never sends msg3', async () => {
    const phone = await newPhone(server);
    expect(await failure(phone.handshake('session', { serverKey: phone.key.publicKey }))).not.toBe('let in');
    expect(relay.pairings.at(-1)?.sent.length).toBe(1);
  });

  it('A8: a whole session, replayed, gets msg2 at most and changes nothing', async () => {
    const phone = await newPhone(server);
    const opened = await phone.handshake('session');
    await firstText(opened.channel);
    const { sent } = relay.pairings.at(-1) as (typeof relay.pairings)[number];
    mkdirSync(path.join(server.home, 'one'));
    opened.channel.sendText(
      encodeMessage(request('one', 'http', { method: 'POST', path: '/api/v1/projects', body: { cwd: `${server.home}/one` } }, Date.now())),
    );
    await until('it was executed', async () => (await projects()).length === 1);
    opened.channel.close({ kind: 'goodbye', detail: 'Done.' });
    await opened.closed;
    const { id } = ((await server.call('GET', '/projects')).body as { items: Project[] }).items[0] as Project;
    await server.call('DELETE', `/projects/${id}`);

    const replay = await dialRoom(relay.url, phone.link.room);
    for (const frame of sent) replay.ws.send(frame);
    await replay.closed;
    expect(relay.pairings.at(-1)?.answered.every((frame) => frame.length === 64)).toBe(true);
    expect(relay.pairings.at(-1)?.answered.length).toBeLessThanOrEqual(1);
    expect(await projects()).toEqual([]);
    await expectGoingOn();
  });

  it.each([0, 1])('A13: a bit flipped in handshake message %i of the device: refused, nothing changed', async (message) => {
    const { link } = await newPairing(server);
    for (const byte of [0, 1, 40, 64]) {
      relay.toServer = flipBit(message, byte, 3);
      expect(await failure(new Phone(link).handshake('pair'))).not.toBe('let in');
      await until('a spare waits', () => relay.spares > 0);
    }
    expect(await devices()).toEqual([]);
  });

  it('A23: a device that crashes before msg3 can pair with the same ticket', async () => {
    const { link } = await newPairing(server);
    const phone = new Phone(link);
    const crash = phone.handshake('pair', {
      beforeMsg3: () => {
        throw new Error('crash');
      },
    });
    expect(await failure(crash)).not.toBe('let in');
    expect(await devices()).toEqual([]);
    await until('a spare waits', () => relay.spares > 0);
    await phone.pair();
    expect(await devices()).toHaveLength(1);
  });

  it('A23: a reply that was lost, and a server that died right after it, are repaired by an ordinary handshake', async () => {
    const pairing = await newPairing(server);
    const phone = new Phone(pairing.link);
    relay.toClient = (message, index) => (index === 0 ? [message] : []);
    const lost = failure(phone.handshake('pair'));
    await until('the device row is written', async () => (await devices()).length === 1);
    relay.pairings.at(-1)?.client.terminate();
    expect(await lost).not.toBe('let in');
    relay.toClient = null;

    const { home } = server;
    await server.stop({ keep: true });
    await start(home);
    const opened = await phone.handshake('session');
    expect(JSON.parse(await firstText(opened.channel))).toMatchObject({ payload: { kind: 'welcome', scopes: ['*'] } });
    expect(await devices()).toHaveLength(1);
  });
});

describe('B16: a relay that lies about who is who', () => {
  it('joins two servers: nothing happens', async () => {
    let first: WebSocket | null = null;
    relay.onSpare = (spare) => {
      if (first === null) {
        first = spare;
        return true;
      }
      const other = first;
      other.on('message', (data) => spare.send(data));
      spare.on('message', (data) => other.send(data));
      relay.onSpare = () => false;
      return true;
    };
    await newPhone(server);
    await until('both were dialled again', () => relay.spares >= 1);
    await expectGoingOn();
  });

  it('joins two clients: neither gets anywhere', async () => {
    const phone = await newPhone(server);
    const before = relay.dials;
    const [one, two] = [await dialRoom(relay.url, phone.link.room), await dialRoom(relay.url, phone.link.room)];
    one.ws.send(Buffer.alloc(65, 1));
    two.ws.send(Buffer.alloc(64, 2));
    await Promise.all([one.closed, two.closed]);
    expect(relay.dials - before).toBeLessThanOrEqual(2);
    await expectGoingOn();
  });

  it('answers every spare with nonsense: the server dials on, but not in a loop', async () => {
    const before = relay.dials;
    for (const socket of [...relay.pairings]) socket.client.terminate();
    relay.onSpare = (spare) => {
      spare.send(Buffer.alloc(65, 9));
      return true;
    };
    await newPhone(server);
    await until('many were wasted', () => relay.dials - before >= 50);
    const { relay: state } = (await server.call('GET', '/status')).body as Status;
    expect(state).toMatchObject({ state: 'up', channels: 0 });
    expect(relay.dials - before).toBeLessThanOrEqual(63);
  });
});
