import { describe, expect, it } from 'vitest';
import { encrypt } from 'web-push';
import { type BrowserKeys, decryptPush, generateBrowserKeys } from '../../../e2e/push-crypto.ts';

const b64 = (text: string) => Buffer.from(text, 'base64url');

/** RFC 8291, section 5 and appendix A. */
const RFC_BODY = b64(
  'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
);
const RFC_KEYS: BrowserKeys = {
  privateKey: b64('q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94'),
  publicKey: b64('BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4'),
  auth: b64('BTBZMqHH6r4Tts7J_aSIgg'),
};

describe('the browser’s half of RFC 8291', () => {
  it('opens the example of the RFC', () => {
    expect(decryptPush(RFC_BODY, RFC_KEYS).toString()).toBe('When I grow up, I want to be a watermelon');
  });

  it('opens what the server’s library seals, and nothing that was changed', () => {
    const keys = generateBrowserKeys();
    const { cipherText } = encrypt(keys.publicKey.toString('base64url'), keys.auth.toString('base64url'), 'grüße', 'aes128gcm');
    expect(decryptPush(cipherText, keys).toString()).toBe('grüße');
    for (const at of [0, 20, 30, cipherText.length - 1]) {
      const changed = Buffer.from(cipherText);
      changed[at] = changed[at]! ^ 1;
      expect(() => decryptPush(changed, keys), `byte ${at}`).toThrow();
    }
    expect(() => decryptPush(cipherText, { ...keys, auth: Buffer.alloc(16) })).toThrow();
  });
});
