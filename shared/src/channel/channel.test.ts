import { channelCases } from './conformance/channel-cases.ts';
import { handshakeCases } from './conformance/handshake-cases.ts';
import { lifecycleCases } from './conformance/lifecycle-cases.ts';
import { longCases } from './conformance/long-cases.ts';
import { noblePrimitives } from './noble-primitives.ts';

const ends = { device: noblePrimitives, server: noblePrimitives };
handshakeCases('noble with noble', ends);
channelCases('noble with noble', ends);
lifecycleCases('noble with noble', ends);
longCases('noble with noble', ends);
