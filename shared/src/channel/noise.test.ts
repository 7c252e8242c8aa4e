import { describe, expect, it } from 'vitest';
import { noblePrimitives, softwareKeyPair } from './noble-primitives.ts';
import { Handshake } from './noise.ts';

const filled = (value: number) => new Uint8Array(32).fill(value);
function pair(change: { prologue?: Uint8Array; psk?: Uint8Array; serverKey?: Uint8Array } = {}) {
  const server = softwareKeyPair(filled(7));
  const common = { pattern: 'XKpsk3', primitives: noblePrimitives, prologue: filled(1) } as const;
  const initiator = new Handshake({
    ...common,
    ...(change.prologue ? { prologue: change.prologue } : {}),
    role: 'initiator',
    staticKey: softwareKeyPair(filled(8)),
    remoteStatic: change.serverKey ?? server.publicKey,
    psk: () => change.psk ?? filled(2),
  });
  const asked: Uint8Array[] = [];
  const responder = new Handshake({
    ...common,
    role: 'responder',
    staticKey: server,
    psk: (remote) => {
      asked.push(remote);
      return filled(2);
    },
  });
  return { initiator, responder, asked };
}
const payload = Uint8Array.of(1, 2, 3);

describe('Handshake', () => {
  it('asks for the psk once, after the other static key is decrypted', async () => {
    const { initiator, responder, asked } = pair();
    await responder.read(await initiator.write(payload));
    await initiator.read(await responder.write(payload));
    const msg3 = await initiator.write(payload);
    expect(asked).toEqual([]);
    await responder.read(msg3);
    expect(asked).toEqual([softwareKeyPair(filled(8)).publicKey]);
    expect(responder.remoteStatic).toEqual(asked[0]);
    expect(responder.hash).toEqual(initiator.hash);
  });

  it('refuses to act out of turn, to go on after a failure, and to split early', async () => {
    const { initiator, responder } = pair();
    await expect(initiator.read(payload)).rejects.toThrow('out of turn');
    await expect(responder.write(payload)).rejects.toThrow('out of turn');
    expect(() => initiator.split()).toThrow('not finished');
    const msg1 = await initiator.write(payload);
    await expect(initiator.write(payload)).rejects.toThrow('out of turn');
    await expect(responder.read(msg1.subarray(1))).rejects.toThrow();
    await expect(responder.read(msg1)).rejects.toThrow('out of turn');
  });

  it('refuses a second message while the first is still being worked on', async () => {
    const { initiator, responder } = pair();
    const msg1 = await initiator.write(payload);
    const first = responder.read(msg1);
    await expect(responder.read(msg1)).rejects.toThrow('out of turn');
    await expect(first).resolves.toEqual(payload);
  });

  it.each([
    ['another prologue', { prologue: filled(9) }],
    ['another server key', { serverKey: softwareKeyPair(filled(9)).publicKey }],
  ])('%s fails at the first message', async (_name, change) => {
    const { initiator, responder } = pair(change);
    await expect(responder.read(await initiator.write(payload))).rejects.toThrow();
  });

  it('another psk fails at the third', async () => {
    const { initiator, responder } = pair({ psk: filled(3) });
    await responder.read(await initiator.write(payload));
    await initiator.read(await responder.write(payload));
    await expect(responder.read(await initiator.write(payload))).rejects.toThrow();
  });

  it('gives both ends fresh keys every time', async () => {
    const hashes: string[] = [];
    for (let round = 0; round < 2; round++) {
      const { initiator, responder } = pair();
      await responder.read(await initiator.write(payload));
      await initiator.read(await responder.write(payload));
      await responder.read(await initiator.write(payload));
      hashes.push(initiator.hash.join());
    }
    expect(hashes[0]).not.toBe(hashes[1]);
  });
});
