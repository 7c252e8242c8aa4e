import { describe, expect, it } from 'vitest';
import { sessionCreate } from '../api/sessions.ts';
import { api, type Operation } from '../api.ts';
import { isRepeatable, toExchange } from './route-request.ts';
import { uuidv7 } from './uuid.ts';

const ID = '01939b0e-7c1a-7d8e-8a43-0d6f2b1c9e55';

describe('toExchange', () => {
  it('fills in the path and leaves out what is not given', () => {
    expect(toExchange('getSession', { params: { id: ID } })).toEqual({ method: 'GET', path: `/api/v1/sessions/${ID}`, body: undefined });
    expect(toExchange('listSessions', {}).path).toBe('/api/v1/sessions');
  });

  it('encodes parameters, so that none becomes a piece of path or query', () => {
    expect(toExchange('getAgent', { params: { name: 'a/b?c#d %é' } }).path).toBe('/api/v1/agents/a%2Fb%3Fc%23d%20%25%C3%A9');
  });

  it.each(['.', '..', ''])('D1: refuses %j as a parameter', (name) => {
    expect(() => toExchange('getAgent', { params: { name } })).toThrow(/getAgent needs a name/);
  });

  it('refuses a missing parameter', () => {
    expect(() => toExchange('getSession', {})).toThrow(expect.objectContaining({ code: 'bad_request' }));
  });

  it('writes a query of text, numbers and flags', () => {
    const { path } = toExchange('listSessions', { query: { limit: 5, q: 'a&b=c d', archived: true, agent: undefined as never } });
    expect([...new URL(path, 'http://x').searchParams]).toEqual([
      ['limit', '5'],
      ['q', 'a&b=c d'],
      ['archived', 'true'],
    ]);
  });

  it('gives a new session its id, so that a repeated create makes one session', () => {
    const { body } = toExchange('createSession', { body: { agent: 'shell' } });
    expect(sessionCreate.safeParse(body).success).toBe(true);
    expect(body).toMatchObject({ agent: 'shell', id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/) });
    expect(toExchange('createSession', { body: { agent: 'shell', id: ID } }).body).toEqual({ agent: 'shell', id: ID });
  });
});

describe('isRepeatable', () => {
  it('is true for every read', () => {
    const reads = (Object.keys(api) as Operation[]).filter((operation) => api[operation].method === 'GET');
    expect(reads.filter((operation) => !isRepeatable(operation))).toEqual([]);
  });

  it.each(['inputSession', 'cancelSession', 'deleteSession', 'createPairing', 'createProject', 'testPush', 'revokeDevice'] as const)(
    'is false for %s: a second time is not the same as once',
    (operation) => {
      expect(isRepeatable(operation)).toBe(false);
    },
  );
});

describe('uuidv7', () => {
  it('is the example of RFC 9562, appendix A.6', () => {
    const random = Uint8Array.from([0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f]);
    expect(uuidv7(0x017f22e279b0, random)).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
  });

  it('differs each time', () => {
    expect(uuidv7()).not.toBe(uuidv7());
  });
});
