import { channelCases } from '@afield/shared/channel/conformance/channel-cases.ts';
import { handshakeCases } from '@afield/shared/channel/conformance/handshake-cases.ts';
import { lifecycleCases } from '@afield/shared/channel/conformance/lifecycle-cases.ts';
import { longCases } from '@afield/shared/channel/conformance/long-cases.ts';
import { noblePrimitives } from '@afield/shared/channel/noble-primitives.ts';
import { nobleSymmetric } from '@afield/shared/channel/noble-symmetric.ts';
import type { Primitives } from '@afield/shared/channel/primitives.ts';
import { generateStoredKeyPair, storedKeyPair } from '@afield/shared/channel/webcrypto-key.ts';
import { nodePrimitives } from './node-primitives.ts';

/** As in a browser that has X25519: every key agreement is asynchronous. */
const webPrimitives: Primitives = { ...nobleSymmetric, generateKeyPair: async () => storedKeyPair(await generateStoredKeyPair()) };

for (const [name, ends] of [
  ['noble with node', { device: noblePrimitives, server: nodePrimitives }],
  ['node with noble', { device: nodePrimitives, server: noblePrimitives }],
  ['node with node', { device: nodePrimitives, server: nodePrimitives }],
] as const) {
  handshakeCases(name, ends);
  channelCases(name, ends);
  lifecycleCases(name, ends);
}
handshakeCases('WebCrypto with node', { device: webPrimitives, server: nodePrimitives });
lifecycleCases('WebCrypto with node', { device: webPrimitives, server: nodePrimitives });
longCases('node with node', { device: nodePrimitives, server: nodePrimitives });
