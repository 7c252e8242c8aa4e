import { describe, expect, it } from 'vitest';
import { memorySocketPair } from '../../link/memory-pair.ts';
import { MSG1_BYTES, MSG2_BYTES, MSG3_BYTES } from '../handshake.ts';
import { connected, type Ends, failing, scene } from './house.ts';
import { BAD_POINTS } from './primitives-cases.ts';

/** The handshake as security.md 5.A wants it, for one choice of cryptography at each end. */
export function handshakeCases(name: string, ends: Ends): void {
  describe(`handshake, ${name}`, () => {
    it('lets a known device in, and both ends know the same of each other', async () => {
      const { home, phone, line, device, server, atDevice } = await connected(ends);
      expect(atDevice.texts).toEqual(['welcome']);
      expect(server.handshakeHash).toEqual(device.handshakeHash);
      expect(server.check).toBe(device.check);
      expect(device.check).toMatch(/^\d{6}$/);
      expect(device).toMatchObject({ serverTime: 1_790_000_000, lowestVersion: 1, highestVersion: 1, devicePsk: null });
      expect(server).toMatchObject({ mode: 'session', identity: 'ada', label: 'Pixel phone', appVersion: '0.1.0', lastSeq: 42 });
      expect(server.devicePublicKey).toEqual(phone.key.publicKey);
      expect(server.committed).toBe(1);
      expect(home.taken).toBe(1);
      expect(line.a.bufferedBytes).toBe(0);
    });

    it('sends messages of the fixed sizes and nothing else', async () => {
      const stage = await scene(ends);
      stage.line.aToB.record = true;
      stage.line.bToA.record = true;
      await connected(ends, stage);
      expect(stage.line.aToB.sent.map((message) => message.length)).toEqual([MSG1_BYTES, MSG3_BYTES]);
      expect(stage.line.bToA.sent.map((message) => message.length)).toEqual([MSG2_BYTES, 256 + 16]);
      expect([MSG1_BYTES, MSG2_BYTES, MSG3_BYTES]).toEqual([65, 64, 320]);
    });

    it('pairs a new device, which comes back with the psk that both derived', async () => {
      const { home, phone, line } = await scene(ends);
      home.devices.clear();
      const ticket = home.openTicket();
      const [server, device] = await Promise.all([home.accept(line.b), phone.pair(line.a, home, ticket)]);
      expect(server.mode).toBe('pair');
      expect(server.ticketId).toEqual(ticket.ticketId);
      expect(server.devicePsk).toEqual(device.devicePsk);
      expect(server.check).toBe(device.check);
      expect(home.tickets.size).toBe(0);
      const again = await connected(ends, { home, phone, line: memorySocketPair() });
      expect(again.server.mode).toBe('session');
      expect(again.atDevice.texts).toEqual(['welcome']);
    });

    it('A1: a wrong pairing secret is refused with 1008 and counts against its ticket', async () => {
      const { home, phone, line } = await scene(ends);
      const ticket = home.openTicket();
      const wrong = { ...ticket, secret: ends.device.random(32) };
      const { device, server } = await failing(phone.pair(line.a, home, wrong), home.accept(line.b));
      expect(device.end.kind).toBe('refused');
      expect(server.fault).toBe('secret');
      expect(server.attempt).toMatchObject({ mode: 'pair', ticketId: ticket.ticketId });
      expect(home.commits).toEqual([]);
    });

    it('A2, A4: a used, expired or unknown ticket is refused as a wrong one is', async () => {
      const { home, phone, line } = await scene(ends);
      const ticket = home.openTicket();
      await Promise.all([home.accept(line.b), phone.pair(line.a, home, ticket)]);
      const again = memorySocketPair();
      const { device, server } = await failing(phone.pair(again.a, home, ticket), home.accept(again.b));
      expect(device.end.kind).toBe('refused');
      expect(server.fault).toBe('unknown');
      expect(home.commits).toHaveLength(1);
    });

    it('A3: of two devices that race on one ticket exactly one gets a row', async () => {
      const { home, phone, line } = await scene(ends);
      const rival = await scene(ends);
      const ticket = home.openTicket();
      const outcomes = await Promise.allSettled([
        home.accept(line.b),
        home.accept(rival.line.b),
        phone.pair(line.a, home, ticket),
        rival.phone.pair(rival.line.a, home, ticket),
      ]);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
      expect(home.commits).toHaveLength(1);
      expect(home.lookups).toHaveLength(2);
      expect(home.refusals.map(({ fault }) => fault)).toEqual([expect.stringMatching(/^(commit|unknown)$/)]);
    });

    it('A5, A6: an unknown device and a wrong psk see the very same exchange and end', async () => {
      const seen = [];
      for (const knows of [true, false]) {
        const { home, phone, line } = await scene(ends);
        if (knows) phone.psk = ends.device.random(32);
        else home.devices.clear();
        line.aToB.record = true;
        line.bToA.record = true;
        const accepted = home.accept(line.b);
        const { device, server } = await failing(phone.open(line.a, home), accepted);
        expect(server.fault).toBe(knows ? 'secret' : 'unknown');
        expect(home.commits).toEqual([]);
        const sizes = [line.aToB.sent, line.bToA.sent].map((messages) => messages.map((message) => message.length));
        seen.push({ sizes, end: device.end, lookups: home.lookups.length });
      }
      expect(seen[0]).toEqual(seen[1]);
      expect(seen[0]).toMatchObject({ sizes: [[65, 320], [64]], end: { kind: 'refused' } });
    });

    it.each([0, 32])('A5: what an unknown device is measured by is no secret that it can guess: %i zeros', async (length) => {
      const { home, phone, line } = await scene(ends);
      const unknown = { ticketId: ends.device.random(8), secret: new Uint8Array(length) };
      const { server } = await failing(phone.pair(line.a, home, unknown), home.accept(line.b));
      expect(server.fault).toBe('unknown');
    });

    it('A7: with another server key the device never gets to msg3', async () => {
      const { home, phone, line } = await scene(ends);
      const impostor = await scene(ends);
      line.aToB.record = true;
      const { device, server } = await failing(
        phone.open(line.a, home, { room: impostor.home.room }),
        impostor.home.accept(line.b, { room: impostor.home.room }),
      );
      expect(server.fault).toBe('crypto');
      expect(device.end.kind).toBe('refused');
      expect(line.aToB.sent).toHaveLength(1);
    });

    it('A7: a forged msg2 stops the device, and nothing is stored or sent', async () => {
      const { home, phone, line } = await scene(ends);
      let stored = 0;
      line.aToB.record = true;
      line.b.onMessage = () => line.b.send(ends.server.random(MSG2_BYTES));
      const opened = phone.open(line.a, home, { beforeMsg3: () => void stored++ });
      await expect(opened).rejects.toMatchObject({ end: { kind: 'protocol' }, fault: 'crypto' });
      expect(line.aToB.sent).toHaveLength(1);
      expect(stored).toBe(0);
    });

    it('A8: a whole session replayed gets a msg2 at most and changes nothing', async () => {
      const stage = await scene(ends);
      stage.line.aToB.record = true;
      const { device, home } = await connected(ends, stage);
      device.channel.sendText('rm -rf');
      await stage.line.settled();
      const replay = memorySocketPair();
      replay.bToA.record = true;
      const [msg1, ...rest] = stage.line.aToB.sent as [Uint8Array, ...Uint8Array[]];
      replay.a.onMessage = () => rest.forEach((message) => void replay.a.send(message));
      replay.a.send(msg1);
      await expect(home.accept(replay.b)).rejects.toMatchObject({ fault: expect.stringMatching(/^(crypto|malformed)$/) });
      expect(home.lookups).toHaveLength(1);
      expect(replay.bToA.sent.map((message) => message.length)).toEqual([MSG2_BYTES]);
      expect(home.commits).toHaveLength(1);
    });

    it.each(Object.entries(BAD_POINTS))('A15: an ephemeral key with %s is refused in msg1 and in msg2', async (_name, point) => {
      const { home, phone, line } = await scene(ends);
      line.aToB.tamper = (message, index) => {
        if (index === 0) message.set(point, 1);
        return [message];
      };
      const first = await failing(phone.open(line.a, home), home.accept(line.b));
      expect(first.server.fault).toBe('crypto');
      const other = memorySocketPair();
      other.bToA.tamper = (message) => {
        message.set(point, 0);
        return [message];
      };
      const second = await failing(phone.open(other.a, home), home.accept(other.b));
      expect(second.device).toMatchObject({ end: { kind: 'protocol' }, fault: 'crypto' });
    });

    it.each(Object.entries(BAD_POINTS))('A15: a server key with %s is not even dialled', async (_name, point) => {
      const { home, phone, line } = await scene(ends);
      line.aToB.record = true;
      await expect(phone.open(line.a, home, { serverKey: point })).rejects.toMatchObject({ end: { kind: 'protocol' }, fault: 'crypto' });
      expect(line.aToB.sent).toEqual([]);
    });

    it('A16: another version byte is refused without a word', async () => {
      const { home, phone, line } = await scene(ends);
      line.bToA.record = true;
      line.aToB.tamper = (message, index) => {
        if (index === 0) message[0] = 2;
        return [message];
      };
      const { device, server } = await failing(phone.open(line.a, home), home.accept(line.b));
      expect(device.end.kind).toBe('refused');
      expect(server.fault).toBe('malformed');
      expect(line.bToA.sent).toEqual([]);
    });

    it('A16: another room, hence prologue, is refused', async () => {
      const { home, phone, line } = await scene(ends);
      const { server } = await failing(phone.open(line.a, home, { room: ends.device.random(32) }), home.accept(line.b));
      expect(server.fault).toBe('crypto');
    });
  });
}
