import { AfieldError } from '@afield/shared/errors.ts';
import { describe, expect, it } from 'vitest';
import { guardRules, inspect, isLoopback } from './guard.ts';

const rules = guardRules({
  host: '127.0.0.1',
  port: 4096,
  own: [],
  allowed_hosts: ['home.example'],
  allowed_origins: ['https://home.example'],
});

function outcome(headers: [string, string][], url = '/api/v1/info', navigation = false) {
  try {
    inspect({ url, rawHeaders: headers.flat() }, rules, { navigation });
    return 'passed';
  } catch (error) {
    if (error instanceof AfieldError) return `${error.status} ${error.code}`;
    throw error;
  }
}
const host: [string, string] = ['Host', '127.0.0.1:4096'];
const origin = (value: string) => outcome([host, ['Origin', value]]);

describe('inspect', () => {
  it.each(['127.0.0.1:4096', 'localhost:4096', 'LOCALHOST', '[::1]:4096', 'home.example', 'home.example:443'])(
    'takes the host %s',
    (value) => {
      expect(outcome([['Host', value]])).toBe('passed');
    },
  );

  it('C5: a foreign Host is refused, whatever its Origin says', () => {
    for (const name of [
      'evil.example:4096',
      'localhost.evil.example',
      'evil-localhost',
      'localhost.',
      '127.0.0.2:4096',
      '0x7f.1',
      '2130706433',
    ]) {
      expect([
        name,
        outcome([
          ['Host', name],
          ['Origin', `http://${name}`],
        ]),
      ]).toEqual([name, '403 origin_refused']);
    }
  });

  it('C6: no Host, two Hosts, userinfo, an absolute address or nonsense in it', () => {
    expect(outcome([])).toBe('400 bad_host');
    expect(outcome([['Host', '']])).toBe('400 bad_host');
    expect(outcome([host, ['host', 'evil.example']])).toBe('400 bad_host');
    for (const name of ['user@127.0.0.1:4096', '127.0.0.1:4096:1', '127.0.0.1:port', '[::1', 'a b', 'localhost/x', '127.0.0.1,evil']) {
      expect([name, outcome([['Host', name]])]).toEqual([name, '400 bad_host']);
    }
    for (const url of ['http://127.0.0.1:4096/api/v1/info', '//evil.example/', '*', ''])
      expect([url, outcome([host], url)]).toEqual([url, '400 bad_request']);
  });

  it('C2, C3: an Origin that is not listed is refused: null, look-alikes, another port or scheme', () => {
    for (const name of ['http://127.0.0.1:4096', 'http://localhost:4096', 'http://[::1]:4096', 'https://home.example'])
      expect(origin(name)).toBe('passed');
    for (const name of [
      'null',
      '',
      'https://evil.example',
      'http://evil-localhost:4096',
      'http://localhost.evil.example:4096',
      'http://localhost:4097',
      'http://localhost',
      'https://localhost:4096',
      'http://home.example',
    ]) {
      expect([name, origin(name)]).toEqual([name, '403 origin_refused']);
    }
    expect(outcome([host, ['Origin', 'http://localhost:4096'], ['origin', 'https://evil.example']])).toBe('403 origin_refused');
  });

  it('refuses a call of another site; a link from there may open the page', () => {
    const cross: [string, string] = ['Sec-Fetch-Site', 'cross-site'];
    const navigate: [string, string][] = [host, cross, ['Sec-Fetch-Mode', 'navigate'], ['Sec-Fetch-Dest', 'document']];
    expect(outcome([host, cross])).toBe('403 origin_refused');
    expect(outcome(navigate)).toBe('403 origin_refused');
    expect(outcome(navigate, '/', true)).toBe('passed');
    expect(outcome([host, cross, ['Sec-Fetch-Mode', 'navigate'], ['Sec-Fetch-Dest', 'iframe']], '/', true)).toBe('403 origin_refused');
    expect(outcome([host, ['Sec-Fetch-Site', 'same-origin']])).toBe('passed');
  });

  it('C8: a token in the URL is refused', () => {
    for (const name of ['token', 'Access_Token', 'api_key', 'key'])
      expect(outcome([host], `/api/v1/info?limit=1&${name}=x`)).toBe('400 token_in_url');
    expect(outcome([host], '/api/v1/sessions?q=token')).toBe('passed');
  });
});

describe('guardRules', () => {
  it('takes literal addresses of this machine only when it listens on all', () => {
    const given = { port: 80, own: ['192.0.2.7', 'fe80::1'], allowed_hosts: [], allowed_origins: [] };
    expect(guardRules({ ...given, host: '0.0.0.0' }).hosts).toContain('192.0.2.7');
    expect(guardRules({ ...given, host: '::' }).hosts).toContain('[fe80::1]');
    expect(guardRules({ ...given, host: '127.0.0.1' }).hosts).not.toContain('192.0.2.7');
    expect(guardRules({ ...given, host: '127.0.0.1' }).origins).toContain('http://localhost');
  });

  it('knows which addresses only this machine reaches', () => {
    for (const name of ['localhost', '127.0.0.1', '127.9.9.9', '::1', '[::1]']) expect([name, isLoopback(name)]).toEqual([name, true]);
    for (const name of ['0.0.0.0', '::', '192.0.2.7', '127.evil.example', '127.0.0.1.evil.example', ''])
      expect([name, isLoopback(name)]).toEqual([name, false]);
  });
});
