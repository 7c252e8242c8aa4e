import { nobleSymmetric } from '@afield/shared/channel/noble-symmetric.ts';
import type { Primitives } from '@afield/shared/channel/primitives.ts';
import { generateStoredKeyPair, storedKeyPair } from '@afield/shared/channel/webcrypto-key.ts';

/** The channel's cryptography in a browser. X25519 from WebCrypto where it has it; else it is loaded. */
export const browserPrimitives: Primitives = {
  ...nobleSymmetric,
  async generateKeyPair() {
    try {
      return await storedKeyPair(await generateStoredKeyPair());
    } catch {
      // no X25519 in this browser, or no secure context
      const { noblePrimitives } = await import('@afield/shared/channel/noble-primitives.ts');
      return noblePrimitives.generateKeyPair();
    }
  },
};
