import { describe, expect, it } from 'vitest';
import { memorySocketPair } from '../../link/memory-pair.ts';
import { ChannelError } from '../channel-error.ts';
import type { Primitives } from '../primitives.ts';
import { generateStoredKeyPair, storedKeyPair } from '../webcrypto-key.ts';
import { connected, type Ends, failing, listen, Phone, scene } from './house.ts';

const never = () => new Promise<void>(() => {});

/** What happens around a handshake: lost lines, crashes, silence, haste. */
export function lifecycleCases(name: string, ends: Ends): void {
  describe(`opening and accepting, ${name}`, () => {
    it.each([
      [1008, 'refused'],
      [1013, 'unavailable'],
      [1001, 'broken'],
      [1006, 'broken'],
    ])('a close with %i during the handshake means %s', async (code, kind) => {
      const { home, phone, line } = await scene(ends);
      line.b.onMessage = () => line.b.close(code);
      await expect(phone.open(line.a, home)).rejects.toMatchObject({ end: { kind }, fault: 'closed' });
    });

    it.each([
      [1008, 'refused'],
      [1006, 'broken'],
    ])('a close with %i after msg3 still means %s', async (code, kind) => {
      const { home, phone, line } = await scene(ends);
      const accepted = home.accept(line.b, {
        commit: () => {
          line.b.close(code);
          throw new Error('full disk');
        },
      });
      const { device, server } = await failing(phone.open(line.a, home), accepted);
      expect(device.end.kind).toBe(kind);
      expect(server).toMatchObject({ fault: 'commit', cause: new Error('full disk') });
    });

    it('A17: a message out of turn ends the handshake at the server', async () => {
      const { home, phone, line } = await scene(ends);
      line.aToB.tamper = (message, index) => (index === 0 ? [message, message.slice()] : [message]);
      const { server } = await failing(phone.open(line.a, home), home.accept(line.b));
      expect(server.fault).toMatch(/^(malformed|crypto)$/);
      expect(home.commits).toEqual([]);
    });

    it('A17: a message out of turn ends the handshake at the device', async () => {
      const { home, phone, line } = await scene(ends);
      line.bToA.tamper = (message, index) => (index === 0 ? [message, message.slice()] : [message]);
      const { device } = await failing(phone.open(line.a, home), home.accept(line.b));
      expect(device).toMatchObject({ end: { kind: 'protocol' }, fault: 'malformed' });
    });

    it('A17: a fourth handshake message kills the channel', async () => {
      const { home, phone, line } = await scene(ends);
      line.aToB.tamper = (message, index) => (index === 1 ? [message, message.slice()] : [message]);
      const [server] = await Promise.allSettled([home.accept(line.b), phone.open(line.a, home)]);
      if (server.status === 'fulfilled') {
        const heard = listen(server.value.channel);
        await line.settled();
        expect(heard).toMatchObject({ texts: [], frames: [], ends: [{ kind: 'protocol' }] });
      } else expect(server.reason).toMatchObject({ fault: 'malformed' });
    });

    it.each([
      ['text frame', 'text'],
      ['short message', 'short'],
      ['empty message', 'empty'],
    ])('a %s in place of msg1 is refused with 1008 and takes the spare', async (_name, what) => {
      const { home, line } = await scene(ends);
      const closed = new Promise<number>((resolve) => {
        line.a.onClose = resolve;
      });
      const accepted = home.accept(line.b);
      if (what === 'text') line.a.sendText('hello');
      else line.a.send(new Uint8Array(what === 'short' ? 64 : 0).fill(1));
      await expect(accepted).rejects.toMatchObject({ fault: 'malformed', attempt: null });
      expect(await closed).toBe(1008);
      expect(home.taken).toBe(what === 'text' ? 0 : 1);
    });

    it('a device that goes silent after msg1 is given up', async () => {
      const { home, phone, line } = await scene(ends);
      const { device, server } = await failing(phone.open(line.a, home, { beforeMsg3: never }), home.accept(line.b, { timeoutMs: 30 }));
      expect(server.fault).toBe('timeout');
      expect(device.fault).toBe('closed');
    });

    it.each(['from the start', 'after msg3'])('a server that is silent %s is given up as broken', async (when) => {
      const { home, phone, line } = await scene(ends);
      if (when === 'after msg3') {
        void home.accept(line.b).catch(() => {});
        line.bToA.tamper = (message, index) => (index === 0 ? [message] : []);
      }
      await expect(phone.open(line.a, home, { timeoutMs: 60 })).rejects.toMatchObject({ end: { kind: 'broken' } });
    });

    it('a spare waits for msg1 without a limit and reports a lost line', async () => {
      const { home, line } = await scene(ends);
      const accepted = home.accept(line.b, { timeoutMs: 1 });
      await new Promise((resolve) => setTimeout(resolve, 20));
      line.cut();
      await expect(accepted).rejects.toMatchObject({ fault: 'closed', attempt: null });
      expect(home.taken).toBe(0);
    });

    it('A23: the device that crashes before msg3 has cost nothing, and its ticket still works', async () => {
      const { home, phone, line } = await scene(ends);
      home.devices.clear();
      const ticket = home.openTicket();
      const crash = { beforeMsg3: () => Promise.reject(new Error('power cut')) };
      const { device } = await failing(phone.pair(line.a, home, ticket, crash), home.accept(line.b));
      expect(device).toMatchObject({ fault: 'commit', cause: new Error('power cut') });
      expect(home.lookups).toEqual([]);
      const again = memorySocketPair();
      await Promise.all([home.accept(again.b), phone.pair(again.a, home, ticket)]);
      expect(home.commits).toHaveLength(1);
    });

    it('A23: the reply lost after the commit is repaired by an ordinary session', async () => {
      const { home, phone, line } = await scene(ends);
      home.devices.clear();
      const ticket = home.openTicket();
      line.bToA.tamper = (message, index) => {
        if (index === 0) return [message];
        line.cut();
        return [];
      };
      const [opened] = await Promise.allSettled([phone.pair(line.a, home, ticket), home.accept(line.b)]);
      expect(opened).toMatchObject({ status: 'rejected', reason: { end: { kind: 'broken' } } });
      expect(home.commits).toHaveLength(1);
      const session = await connected(ends, { home, phone, line: memorySocketPair() });
      expect(session.atDevice.texts).toEqual(['welcome']);
    });

    it('msg3 leaves only once the device has stored what it will need', async () => {
      const { home, phone, line } = await scene(ends);
      line.aToB.record = true;
      let stored: () => void = () => {};
      const asked = new Promise<void>((called) => {
        const opened = phone.open(line.a, home, {
          beforeMsg3: () => {
            called();
            return new Promise<void>((resolve) => {
              stored = resolve;
            });
          },
        });
        void Promise.all([opened, home.accept(line.b)]).then(([{ channel }]) => channel.sendText('hello'));
      });
      await asked;
      await line.settled();
      expect(line.aToB.sent).toHaveLength(1);
      expect(home.lookups).toEqual([]);
      stored();
      await expect.poll(() => line.aToB.sent.length).toBe(3);
    });

    it('the line lost while the device stores means no msg3', async () => {
      const { home, phone, line } = await scene(ends);
      line.aToB.record = true;
      const opened = phone.open(line.a, home, { beforeMsg3: () => line.cut() });
      const { device } = await failing(opened, home.accept(line.b));
      expect(device.end.kind).toBe('broken');
      expect(line.aToB.sent).toHaveLength(1);
    });

    it('the line lost while the server works on msg3 means no commit', async () => {
      const { home, phone, line } = await scene(ends);
      let agreements = 0;
      const primitives: Primitives = {
        ...ends.server,
        async generateKeyPair() {
          const key = await ends.server.generateKeyPair();
          return {
            publicKey: key.publicKey,
            async dh(theirs) {
              // The first is for msg2 (ee), the second for msg3 (se).
              if (++agreements === 2) line.cut();
              return key.dh(theirs);
            },
          };
        },
      };
      const { server } = await failing(phone.open(line.a, home), home.accept(line.b, { primitives }));
      expect(agreements).toBe(2);
      expect(server.fault).toBe('closed');
      // What goes on behind the rejection would commit within the next turns.
      await new Promise((resolve) => setTimeout(resolve, 0));
      expect(home.commits).toEqual([]);
    });

    it('A26: the same device twice at once: both work', async () => {
      const stage = await scene(ends);
      const [first, second] = await Promise.all([connected(ends, stage), connected(ends, { ...stage, line: memorySocketPair() })]);
      first.server.channel.sendText('one');
      second.server.channel.sendText('two');
      await first.line.settled();
      await second.line.settled();
      expect([first.atDevice.texts, second.atDevice.texts]).toEqual([
        ['welcome', 'one'],
        ['welcome', 'two'],
      ]);
    });

    it('a device whose key nobody can read gets in', async () => {
      const { home, line } = await scene(ends);
      const phone = new Phone(ends.device, await storedKeyPair(await generateStoredKeyPair()));
      const ticket = home.openTicket();
      await Promise.all([home.accept(line.b), phone.pair(line.a, home, ticket)]);
      const session = await connected(ends, { home, phone, line: memorySocketPair() });
      expect(session.server.devicePublicKey).toEqual(phone.key.publicKey);
    });

    it('a server that has nothing to say yet lets the device wait', async () => {
      const { home, phone, line } = await scene(ends);
      let open = false;
      const opened = phone.open(line.a, home).then((device) => {
        open = true;
        return device;
      });
      const accepted = home.accept(line.b, { commit: () => 7 });
      line.bToA.tamper = (message, index) => {
        if (index === 1) expect(open).toBe(false);
        return [message];
      };
      const [device, server] = await Promise.all([opened, accepted]);
      expect(server.committed).toBe(7);
      expect(listen(device.channel).texts).toEqual([]);
    });

    it('keeps what arrives before a handler is set, and the end after it', async () => {
      const { home, phone, line } = await scene(ends);
      const [device, server] = await Promise.all([phone.open(line.a, home), home.accept(line.b)]);
      server.channel.sendText('an early word');
      server.channel.close({ kind: 'goodbye', detail: '' });
      await line.settled();
      const heard = listen(device.channel);
      expect(heard.texts).toEqual([]);
      await line.settled();
      await Promise.resolve();
      expect(heard).toMatchObject({ texts: ['welcome', 'an early word'], ends: [{ kind: 'goodbye' }] });
    });

    it('does not keep without end', async () => {
      const { home, phone, line } = await scene(ends);
      const [device, server] = await Promise.all([phone.open(line.a, home), home.accept(line.b)]);
      for (let count = 0; count < 100; count++) server.channel.sendText(String(count));
      await line.settled();
      const heard = listen(device.channel);
      await Promise.resolve();
      expect(heard.ends.map(({ kind }) => kind)).toEqual(['protocol']);
      expect(heard.texts.length).toBeLessThan(20);
    });

    it('says in its error what to do next, and nothing to the other side', async () => {
      const { home, phone, line } = await scene(ends);
      home.devices.clear();
      const { device, server } = await failing(phone.open(line.a, home), home.accept(line.b));
      expect(device).toBeInstanceOf(ChannelError);
      expect(device).toMatchObject({ code: 'unauthenticated', attempt: null });
      expect(server.attempt).toMatchObject({ mode: 'session', devicePublicKey: phone.key.publicKey });
    });
  });
}
