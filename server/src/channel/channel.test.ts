import { channelCases } from '@afield/shared/channel/conformance/channel-cases.ts';
import { handshakeCases } from '@afield/shared/channel/conformance/handshake-cases.ts';
import { lifecycleCases } from '@afield/shared/channel/conformance/lifecycle-cases.ts';
import { noblePrimitives } from '@afield/shared/channel/noble-primitives.ts';
import { nodePrimitives } from './node-primitives.ts';

for (const [name, ends] of [
  ['noble with node', { device: noblePrimitives, server: nodePrimitives }],
  ['node with noble', { device: nodePrimitives, server: noblePrimitives }],
  ['node with node', { device: nodePrimitives, server: nodePrimitives }],
] as const) {
  handshakeCases(name, ends);
  channelCases(name, ends);
  lifecycleCases(name, ends);
}
