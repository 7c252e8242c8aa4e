import { describe, expect, it } from 'vitest';
import { FRAME_INPUT, FRAME_OUTPUT } from '../../link/frames.ts';
import { dropMessage, duplicateMessage, flipBit, swapMessages, type Tamper } from '../../link/memory-pair.ts';
import { MAX_CHANNEL_AGE_MS } from '../channel.ts';
import { CipherState, LAST_NONCE } from '../cipher-state.ts';
import { RecordOpener, RecordSealer } from '../sealed-records.ts';
import { bareChannels, connected, type Ends, GOODBYE } from './house.ts';

const frameOf = (kind: number, stream: number, ...bytes: number[]) =>
  Uint8Array.of(kind, 0, 0, 0, stream, 0, 0, 0, 0, 0, 0, 0, 0, ...bytes);
/** A record's plaintext, padded to 256 bytes. */
const record = (type: number, flags: number, length: number, ...body: number[]) => {
  const bytes = new Uint8Array(256);
  bytes.set([type, flags, length >> 8, length & 0xff, ...body]);
  return bytes;
};
const cut =
  (bytes: number): Tamper =>
  (message, index) => [index === 1 ? message.subarray(0, bytes < 0 ? message.length + bytes : bytes) : message];

/** The channel after its handshake, as security.md 5.A wants it, for one choice of cryptography at each end. */
export function channelCases(name: string, ends: Ends): void {
  describe(`channel, ${name}`, () => {
    it('carries texts and frames both ways, whole and in order', async () => {
      const { device, server, atDevice, atServer, line } = await connected(ends);
      const long = 'A line of text, éß∂ƒ, 4 KiB of it. '.repeat(120);
      server.channel.sendFrame(frameOf(FRAME_OUTPUT, 1, 27, 91, 65));
      server.channel.sendText(long);
      device.channel.sendFrame(frameOf(FRAME_INPUT, 1, 3));
      device.channel.sendText(long);
      device.channel.sendText('');
      await line.settled();
      expect(atDevice).toEqual({ texts: ['welcome', long], frames: [[...frameOf(FRAME_OUTPUT, 1, 27, 91, 65)]], ends: [] });
      expect(atServer).toEqual({ texts: [long, ''], frames: [[...frameOf(FRAME_INPUT, 1, 3)]], ends: [] });
    });

    it('tells of each part of a long message and of paddings, and of nothing that does not open', async () => {
      const { device, server, atServer, line } = await connected(ends);
      let heard = 0;
      server.channel.onHeard = () => {
        heard += 1;
      };
      const long = Array.from({ length: 30_000 }, (_, n) => (n * 7919) % 65_537).join(' ');
      line.aToB.record = true;
      device.channel.sendText(long);
      await line.settled();
      expect(line.aToB.sent.length).toBeGreaterThan(1);
      expect(heard).toBe(line.aToB.sent.length - 1);
      device.channel.sendPadding?.();
      await line.settled();
      expect(heard).toBe(line.aToB.sent.length - 1);
      line.aToB.inject(new Uint8Array(272));
      await line.settled();
      expect([heard, atServer.ends.length]).toEqual([line.aToB.sent.length - 1, 1]);
    });

    it('shows nothing of what is said, and little of how long it is', async () => {
      const { device, server, line } = await connected(ends);
      line.aToB.record = true;
      line.bToA.record = true;
      server.channel.sendText('the secret word');
      server.channel.sendFrame(frameOf(FRAME_OUTPUT, 1, ...new TextEncoder().encode('drwxr-xr-x secret')));
      device.channel.sendText('my secret prompt');
      device.channel.sendFrame(frameOf(FRAME_INPUT, 1, 113));
      await line.settled();
      const sent = [...line.aToB.sent, ...line.bToA.sent];
      expect(sent.map((message) => message.length)).toEqual([272, 272, 272, 272]);
      expect(sent.map((message) => new TextDecoder('latin1').decode(message)).join()).not.toMatch(/secret|drwx/);
    });

    it('ends with a goodbye, told once to each end, and then hears and says nothing', async () => {
      const { device, server, atDevice, atServer, line } = await connected(ends);
      device.channel.close(GOODBYE);
      expect(atDevice.ends).toEqual([GOODBYE]);
      server.channel.sendText('too late');
      device.channel.sendText('too late');
      device.channel.close({ kind: 'broken', detail: '' });
      await line.settled();
      expect(atServer.ends.map(({ kind }) => kind)).toEqual(['goodbye']);
      expect(atServer.texts).toEqual([]);
      expect(atDevice.texts).toEqual(['welcome']);
      expect(atDevice.ends).toHaveLength(1);
    });

    it('A22: a line cut without goodbye is broken, never finished', async () => {
      const { atDevice, atServer, line } = await connected(ends);
      line.cut();
      expect(atDevice.ends.map(({ kind }) => kind)).toEqual(['broken']);
      expect(atServer.ends.map(({ kind }) => kind)).toEqual(['broken']);
    });

    it.each(['broken', 'refused', 'unavailable', 'protocol'] as const)('A22: closed as %s it is broken for the other end', async (kind) => {
      const { server, atDevice, line } = await connected(ends);
      server.channel.close({ kind, detail: '' });
      await line.settled();
      expect(atDevice.ends.map((end) => end.kind)).toEqual(['broken']);
    });

    it.each([
      ['A9: a duplicate frame', duplicateMessage(1), ['one', 'two']],
      ['A10: two frames swapped', swapMessages(1), ['one']],
      ['A11: a dropped frame', dropMessage(1), ['one']],
      ['A12: a frame without its last byte', cut(-1), ['one']],
      ['A12: an empty frame', cut(0), ['one']],
      ['A13: a bit flipped in a frame', flipBit(1, 100), ['one']],
    ])('%s kills the channel, and no later frame is executed', async (_name, tamper, executed) => {
      for (const towards of ['server', 'device'] as const) {
        const bare = await bareChannels(ends);
        const [from, lane, at] =
          towards === 'server' ? [bare.device, bare.line.aToB, bare.atServer] : [bare.server, bare.line.bToA, bare.atDevice];
        let sent = -1;
        lane.tamper = (message) => {
          sent++;
          return tamper(message, sent);
        };
        for (const text of ['one', 'two', 'three', 'four']) from.sendText(text);
        await bare.line.settled();
        expect(at.texts.filter((text) => text !== 'welcome')).toEqual(executed);
        expect(at.ends.map(({ kind }) => kind)).toEqual(['protocol']);
      }
    });

    it('A13: a bit flipped in any byte of a record is noticed', () => {
      const key = ends.device.random(32);
      const sealed = new RecordSealer(new CipherState(ends.device, key.slice()), ends.device.compression).message(
        'rm -rf /',
      )[0] as Uint8Array;
      const opener = () => new RecordOpener(new CipherState(ends.server, key.slice()), ends.server.compression);
      expect(opener().open(sealed)).toEqual({ kind: 'message', text: 'rm -rf /' });
      for (let bit = 0; bit < sealed.length * 8; bit++) {
        const changed = sealed.slice();
        changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
        expect(() => opener().open(changed)).toThrow();
      }
    });

    it.each(['server', 'device'] as const)('A14: a frame reflected to the %s that sent it kills the channel', async (victim) => {
      const bare = await bareChannels(ends);
      const [lane, back, at] =
        victim === 'server' ? [bare.line.bToA, bare.line.aToB, bare.atServer] : [bare.line.aToB, bare.line.bToA, bare.atDevice];
      lane.record = true;
      bare[victim].sendText('do it');
      back.inject(lane.sent[0] as Uint8Array);
      await bare.line.settled();
      expect(at.ends.map(({ kind }) => kind)).toEqual(['protocol']);
      expect(at.texts).not.toContain('do it');
    });

    it('A17: a record before the welcome kills the channel', async () => {
      const { device, atServer, line } = await bareChannels(ends, { silent: true });
      device.sendText('too early');
      await line.settled();
      expect(atServer).toMatchObject({ texts: [], ends: [{ kind: 'protocol' }] });
    });

    it('a first record that is no message kills the channel at the device', async () => {
      const { server, atDevice, line } = await bareChannels(ends, { silent: true });
      server.sendFrame(frameOf(FRAME_OUTPUT, 1));
      await line.settled();
      expect(atDevice).toMatchObject({ frames: [], ends: [{ kind: 'protocol' }] });
    });

    it('a text frame kills the channel', async () => {
      const { line, atServer, atDevice } = await connected(ends);
      line.a.sendText('{"type":"request"}');
      await line.settled();
      expect(atServer.ends.map(({ kind }) => kind)).toEqual(['protocol']);
      expect(atDevice.ends.map(({ kind }) => kind)).toEqual(['broken']);
    });

    it('A18: both directions stay in step over 10,000 records and every change of key', async () => {
      const { device, server, atDevice, atServer, line } = await bareChannels(ends);
      // The welcome was the server's first record: the two directions change keys at different moments.
      for (let count = 1; count <= 5000; count++) {
        device.sendText(String(count));
        server.sendText(String(count));
        if (count % 500 === 0 || (count >= 1022 && count <= 1026)) await line.settled();
      }
      expect(atServer.texts.length).toBe(5000);
      expect(atDevice.texts.length).toBe(5001);
      expect([atServer.texts.at(-1), atDevice.texts.at(-1)]).toEqual(['5000', '5000']);
      expect([...atServer.ends, ...atDevice.ends]).toEqual([]);
    });

    it('A18: the key changes after record 1,024 and not before; who skips that is dead', () => {
      const key = ends.device.random(32);
      const sealer = new RecordSealer(new CipherState(ends.device, key.slice()), ends.device.compression);
      const stuck = new CipherState(ends.server, key.slice());
      stuck.rekey = () => {};
      const opener = new RecordOpener(stuck, ends.server.compression);
      for (let count = 1; count <= 1024; count++) {
        expect(opener.open(sealer.message(String(count))[0] as Uint8Array)).toEqual({ kind: 'message', text: String(count) });
      }
      expect(() => opener.open(sealer.message('1025')[0] as Uint8Array)).toThrow();
    });

    it('A19: a nonce never wraps: the last one is refused on both sides', async () => {
      const cipher = () => new CipherState(ends.server, new Uint8Array(32), LAST_NONCE - 1n);
      const [sender, receiver] = [cipher(), cipher()];
      const none = new Uint8Array(0);
      const last = sender.seal(none, Uint8Array.of(1));
      expect(() => sender.seal(none, Uint8Array.of(2))).toThrow('no nonce left');
      expect(receiver.open(none, last)).toEqual(Uint8Array.of(1));
      expect(() => receiver.open(none, last)).toThrow('no nonce left');
      const { server, atServer } = await bareChannels(ends, { firstNonce: LAST_NONCE - 2n });
      server.sendText('the last');
      expect(() => server.sendText('one too many')).toThrow('no nonce left');
      expect(atServer.ends.map(({ kind }) => kind)).toEqual(['broken']);
    });

    it.each([
      ['A20: a one-byte part that says there is more', record(1, 1, 1, 65)],
      ['A20: an empty part that says there is more', record(1, 1, 0)],
      ['A21: padding that is not zero', record(1, 0, 1, 65, 1)],
      ['A21: a body longer than its record', record(1, 0, 253)],
      ['A21: type 0', record(0, 0, 0)],
      ['A21: type 6', record(6, 0, 0)],
      ['A21: an unknown flag', record(1, 4, 0)],
      ['a record below the least size', new Uint8Array(255).fill(1, 0, 1)],
      ['an empty plaintext', new Uint8Array(0)],
      ['text that is not UTF-8', record(1, 0, 1, 0xff)],
      ['deflate data that is none', record(1, 2, 3, 7, 7, 7)],
      ['a compressed goodbye', record(4, 2, 0)],
      ['a stream frame without header', record(2, 0, 5, 1, 0, 0, 0, 1)],
      ['a compressed frame of input', record(2, 2, 14, ...frameOf(FRAME_INPUT, 1, 0))],
    ])('%s kills the channel', async (_name, plaintext) => {
      const { forge, atServer } = await bareChannels(ends);
      await forge(plaintext);
      expect(atServer).toMatchObject({ texts: [], frames: [], ends: [{ kind: 'protocol' }] });
      await forge(record(1, 0, 1, 65));
      expect(atServer.texts).toEqual([]);
    });

    it('takes padding and key notices for nothing, and forged records that keep the rules for what they are', async () => {
      const { forge, device, atServer } = await bareChannels(ends);
      await forge(record(3, 0, 2, 9, 9));
      await forge(record(5, 0, 2, 9, 9));
      await forge(record(1, 0, 1, 65));
      expect(atServer).toEqual({ texts: ['A'], frames: [], ends: [] });
      device.close(GOODBYE);
    });

    it('pads on request', async () => {
      const { device, atServer, line } = await bareChannels(ends);
      line.aToB.record = true;
      for (const length of [0, 1000, 1_000_000]) device.sendPadding(length);
      device.sendText('hello');
      await line.settled();
      expect(line.aToB.sent.map((message) => message.length)).toEqual([272, 1040, 65_535, 272]);
      expect(atServer).toEqual({ texts: ['hello'], frames: [], ends: [] });
    });

    it('is over after twelve hours, as broken, so that new keys come', async () => {
      let now = 1000;
      const { server, atServer, atDevice, line } = await bareChannels(ends, { clock: () => now });
      now += MAX_CHANNEL_AGE_MS;
      server.sendText('just in time');
      await line.settled();
      expect(atDevice.texts).toContain('just in time');
      now++;
      server.sendText('too late');
      await line.settled();
      expect(atServer.ends.map(({ kind }) => kind)).toEqual(['broken']);
      expect(atDevice.ends.map(({ kind }) => kind)).toEqual(['broken']);
      expect(atDevice.texts).not.toContain('too late');
    });
  });
}
