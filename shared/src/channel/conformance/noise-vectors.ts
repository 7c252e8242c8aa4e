import { expect } from 'vitest';
import { Handshake, type HandshakeOptions, type PatternName } from '../noise.ts';
import type { DhKeyPair, Primitives } from '../primitives.ts';

/** A published vector as cacophony's files have it; all bytes in hex. */
export interface NoiseVector {
  protocol_name: string;
  init_prologue: string;
  init_static: string;
  init_ephemeral: string;
  init_remote_static?: string;
  init_psks?: string[];
  resp_prologue: string;
  resp_static: string;
  resp_ephemeral: string;
  resp_psks?: string[];
  handshake_hash: string;
  messages: { payload: string; ciphertext: string }[];
}

export const fromHex = (text: string): Uint8Array => Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
export const toHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Plays a vector with both sides and compares every message with the published one. */
export async function expectVector(
  vector: NoiseVector,
  primitives: Primitives,
  keyPair: (privateKey: Uint8Array) => DhKeyPair,
): Promise<void> {
  const pattern = vector.protocol_name.split('_')[1] as PatternName;
  const side = (role: HandshakeOptions['role'], prologue: string, own: string, ephemeral: string, psks?: string[], remote?: string) =>
    new Handshake({
      pattern,
      role,
      primitives,
      prologue: fromHex(prologue),
      staticKey: keyPair(fromHex(own)),
      ephemeralKey: keyPair(fromHex(ephemeral)),
      psk: () => fromHex(psks?.[0] ?? ''),
      ...(remote === undefined ? {} : { remoteStatic: fromHex(remote) }),
    });
  const { init_prologue, init_static, init_ephemeral, init_psks, init_remote_static, messages } = vector;
  const initiator = side('initiator', init_prologue, init_static, init_ephemeral, init_psks, init_remote_static);
  const responder = side('responder', vector.resp_prologue, vector.resp_static, vector.resp_ephemeral, vector.resp_psks);
  const rest = [...messages];
  for (let turn = 0; !initiator.done || !responder.done; turn++) {
    const { payload, ciphertext } = rest.shift() as NoiseVector['messages'][number];
    const [from, to] = turn % 2 === 0 ? [initiator, responder] : [responder, initiator];
    const message = await from.write(fromHex(payload));
    expect(toHex(message)).toBe(ciphertext);
    expect(toHex(await to.read(message))).toBe(payload);
  }
  expect(toHex(initiator.hash)).toBe(vector.handshake_hash);
  expect(toHex(responder.hash)).toBe(vector.handshake_hash);
  const ends = [initiator.split(), responder.split()] as const;
  const nothing = new Uint8Array(0);
  for (const [index, { payload, ciphertext }] of rest.entries()) {
    const fromInitiator = (messages.length - rest.length + index) % 2 === 0;
    const [from, to] = fromInitiator ? ends : [ends[1], ends[0]];
    const message = from.send.seal(nothing, fromHex(payload));
    expect(toHex(message)).toBe(ciphertext);
    expect(toHex(to.receive.open(nothing, message))).toBe(payload);
  }
}

/** Noise_XKpsk3_25519_ChaChaPoly_SHA256 of haskell-cryptography/cacophony (public domain: LICENSE-cacophony). */
export const XKPSK3_VECTORS: NoiseVector[] = [
  {
    protocol_name: 'Noise_XKpsk3_25519_ChaChaPoly_SHA256',
    init_prologue: '4a6f686e2047616c74',
    init_static: 'e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1',
    init_ephemeral: '893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a',
    init_remote_static: '31e0303fd6418d2f8c0e78b91f22e8caed0fbe48656dcf4767e4834f701b8f62',
    init_psks: ['54686973206973206d7920417573747269616e20706572737065637469766521'],
    resp_prologue: '4a6f686e2047616c74',
    resp_static: '4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893',
    resp_ephemeral: 'bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b',
    resp_psks: ['54686973206973206d7920417573747269616e20706572737065637469766521'],
    handshake_hash: '2474cc7525e37a139f3f2d82cefa382b6844f36a8c179c3c057bc2b8bc171454',
    messages: [
      {
        payload: '4c756477696720766f6e204d69736573',
        ciphertext:
          'ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944aca3ea34785c66af6434ba8f3dab19e712ff67a31bd13557517309fc09a510a9',
      },
      {
        payload: '4d757272617920526f746862617264',
        ciphertext:
          '95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f14480884330ae3686f5afe73385a0a6430723306d35b21256240033263dc4050e154e7f',
      },
      {
        payload: '462e20412e20486179656b',
        ciphertext:
          '1b33e3523e2d3c4cd6bb605131932646aa01f18e22ee6543877d3f16967f4593bd2ca855b17d09782a6d56bdc3eedae57e8015be06a0bcfb5c9ac4e768459601d9162e731f9fc8117a2b22',
      },
      { payload: '4361726c204d656e676572', ciphertext: '1eae06397036f6d40337d43b0f49cfe2b2093a2c2e14c804b5fe7a' },
      { payload: '4a65616e2d426170746973746520536179', ciphertext: 'b4aafd07a4cebcc8b913a243a145db81dc029b57f9e8676eb78cf0b3f9cdcaf240' },
      {
        payload: '457567656e2042f6686d20766f6e2042617765726b',
        ciphertext: '1d36724066ad1c685e1e245a29cffac296d1a97f6393d3dddbed940e04c348f9b4cd45266b',
      },
    ],
  },
  {
    protocol_name: 'Noise_XKpsk3_25519_ChaChaPoly_SHA256',
    init_prologue: '4a6f686e2047616c74',
    init_static: 'e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1',
    init_ephemeral: '893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a',
    init_remote_static: '31e0303fd6418d2f8c0e78b91f22e8caed0fbe48656dcf4767e4834f701b8f62',
    init_psks: ['54686973206973206d7920417573747269616e20706572737065637469766521'],
    resp_prologue: '4a6f686e2047616c74',
    resp_static: '4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893',
    resp_ephemeral: 'bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b',
    resp_psks: ['54686973206973206d7920417573747269616e20706572737065637469766521'],
    handshake_hash: '2474cc7525e37a139f3f2d82cefa382b6844f36a8c179c3c057bc2b8bc171454',
    messages: [
      {
        payload: '4c756477696720766f6e204d69736573',
        ciphertext:
          'ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944aca3ea34785c66af6434ba8f3dab19e712ff67a31bd13557517309fc09a510a9',
      },
      {
        payload: '4d757272617920526f746862617264',
        ciphertext:
          '95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f14480884330ae3686f5afe73385a0a6430723306d35b21256240033263dc4050e154e7f',
      },
      {
        payload: '462e20412e20486179656b',
        ciphertext:
          '1b33e3523e2d3c4cd6bb605131932646aa01f18e22ee6543877d3f16967f4593bd2ca855b17d09782a6d56bdc3eedae57e8015be06a0bcfb5c9ac4e768459601d9162e731f9fc8117a2b22',
      },
      { payload: '4361726c204d656e676572', ciphertext: '1eae06397036f6d40337d43b0f49cfe2b2093a2c2e14c804b5fe7a' },
      { payload: '4a65616e2d426170746973746520536179', ciphertext: 'b4aafd07a4cebcc8b913a243a145db81dc029b57f9e8676eb78cf0b3f9cdcaf240' },
      {
        payload: '457567656e2042f6686d20766f6e2042617765726b',
        ciphertext: '1d36724066ad1c685e1e245a29cffac296d1a97f6393d3dddbed940e04c348f9b4cd45266b',
      },
    ],
  },
];
