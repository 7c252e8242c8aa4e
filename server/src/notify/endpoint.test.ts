import type { LookupAddress, lookup as resolveName } from 'node:dns';
import { describe, expect, it } from 'vitest';
import { createEndpointCheck, guardedLookup } from './endpoint.ts';

describe('endpoints', () => {
  const check = createEndpointCheck(['push.example.org', 'https://push.example.net:8443', 'http://127.0.0.1:9000']);

  it.each([
    'https://fcm.googleapis.com/fcm/send/abc',
    'https://fcm.googleapis.com/wp/abc',
    'https://updates.push.services.mozilla.com/wpush/v2/abc',
    'https://web.push.apple.com/abc',
    'https://wns2-par02p.notify.windows.com/w/?token=abc',
  ])('lets %s pass, its address to be checked', (endpoint) => {
    expect(check(endpoint)).toMatchObject({ trusted: false, url: { href: endpoint } });
  });

  it.each(['https://push.example.org/a', 'https://push.example.net:8443/a', 'http://127.0.0.1:9000/a'])(
    'trusts %s, which the config file names',
    (endpoint) => {
      expect(check(endpoint).trusted).toBe(true);
    },
  );

  it.each([
    'https://127.0.0.1/a',
    'https://169.254.169.254/latest/meta-data',
    'https://[::ffff:127.0.0.1]/a',
    'https://2130706433/a',
    'https://0x7f000001/a',
    'https://localhost/a',
    'https://attacker.example/a',
    'https://fcm.googleapis.com.attacker.example/a',
    'https://evilfcm.googleapis.com/a',
    'https://notify.windows.com/a',
    'https://evilpush.apple.com/a',
    'https://fcm.googleapis.com:8443/a',
    'https://user:pw@fcm.googleapis.com/a',
    'https://attacker.example#@fcm.googleapis.com/a',
    'https://attacker.example\\.push.apple.com/a',
    'https://fcm.googleapis.com./a',
    'http://127.0.0.1:9001/a',
    'http://push.example.org/a',
    'not a url',
  ])('F1: refuses %s', (endpoint) => {
    expect(() => check(endpoint)).toThrow(expect.objectContaining({ code: 'push_refused' }));
  });

  it.each([
    'http://fcm.googleapis.com/a',
    'file:///etc/passwd',
    'gopher://fcm.googleapis.com/',
    'ftp://fcm.googleapis.com/',
    'data:text/plain,a',
  ])('F2: refuses %s', (endpoint) => {
    expect(() => check(endpoint)).toThrow(/https|valid/);
  });

  it.each(['http://push.example.org', 'https://push.example.org/path', 'push.example.org/path', 'http://192.168.1.4', 'ftp://x', ''])(
    'says at the start what is wrong with "%s" in the config file',
    (host) => {
      expect(() => createEndpointCheck([host])).toThrow(/^push_hosts: .* is no host\. Write it like/);
    },
  );
});

describe('names', () => {
  const resolvesTo = (...addresses: LookupAddress[]) =>
    ((_name: string, _options: object, callback: (e: null, a: LookupAddress[]) => void) =>
      callback(null, addresses)) as unknown as typeof resolveName;
  const lookUp = (resolve: typeof resolveName, options: { all?: boolean } = { all: true }) =>
    new Promise((done, fail) => {
      guardedLookup(resolve)('push.example', options, (error, ...found) => (error ? fail(error) : done(found)));
    });
  const v4 = (address: string): LookupAddress => ({ address, family: 4 });
  const v6 = (address: string): LookupAddress => ({ address, family: 6 });

  it('gives the checked addresses to the socket, in either form', async () => {
    const resolve = resolvesTo(v4('8.8.8.8'), v6('2a00:1450::1'));
    expect(await lookUp(resolve)).toEqual([[v4('8.8.8.8'), v6('2a00:1450::1')]]);
    expect(await lookUp(resolve, {})).toEqual(['8.8.8.8', 4]);
  });

  it.each([[[v4('127.0.0.1')]], [[v4('169.254.169.254')]], [[v6('::ffff:10.0.0.1')]], [[v4('8.8.8.8'), v4('192.168.1.1')]], [[]]])(
    'F1: refuses a name that leads inside: %j',
    async (addresses) => {
      await expect(lookUp(resolvesTo(...addresses))).rejects.toThrow(/inside a private network/);
    },
  );

  it('passes on that a name does not resolve', async () => {
    const missing = ((_n: string, _o: object, callback: (e: Error, a: never[]) => void) =>
      callback(new Error('ENOTFOUND'), [])) as unknown as typeof resolveName;
    await expect(lookUp(missing)).rejects.toThrow('ENOTFOUND');
  });
});
