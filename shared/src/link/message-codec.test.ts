import { describe, expect, it } from 'vitest';
import { AfieldError } from '../errors.ts';
import { encodeMessage, error, event, MAX_MESSAGE_DEPTH, readReply, readRequest, request, response } from './message-codec.ts';
import { MAX_LINK_MESSAGE_BYTES, type Requests } from './messages.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const SESSION = '01939b0e-7c1a-7d8e-8a43-0d6f2b1c9e55';
const PROMPT = '01939b0e-7c1a-7d8e-8a43-0d6f2b1c9e56';

const wellFormed: { [A in keyof Requests]: Requests[A] } = {
  auth: { token: 'secret' },
  http: { method: 'GET', path: '/api/v1/sessions?limit=5', headers: { 'content-type': 'application/json' }, body: { a: [1, null] } },
  subscribe: { topics: ['*', 'session.*', 'message.state_changed'], session_id: SESSION, since: 0 },
  unsubscribe: { subscription: 'r1' },
  attach: { session_id: SESSION, cols: 80, rows: 24, lease: 'look' },
  detach: { stream: 0xffff_ffff },
  resize: { stream: 1, cols: 80, rows: 24 },
  ack: { stream: 1, offset: Number.MAX_SAFE_INTEGER },
  prompt: { session_id: SESSION, prompt_id: PROMPT, content: 'hello', priority: 'now' },
  cancel: { session_id: SESSION },
  ping: {},
};

function refusal(text: string): { id: string | null; error: AfieldError } {
  const read = readRequest(text);
  if (read.ok) throw new Error('was taken');
  return read;
}

const raw = (payload: unknown, envelope: object = {}) =>
  JSON.stringify({ type: 'request', id: 'r1', timestamp: '2026-11-20T12:00:00.000Z', payload, ...envelope });

describe('readRequest', () => {
  it.each(Object.entries(wellFormed))('takes a well-formed %s', (action, fields) => {
    const message = request('r1', action as keyof Requests, fields as never, NOW);
    expect(readRequest(encodeMessage(message))).toEqual({ ok: true, message });
  });

  it.each([
    ['a missing field', { action: 'attach', session_id: SESSION, cols: 80, rows: 24 }, /lease must be "take" or "look"/],
    ['a size of nothing', { action: 'resize', stream: 1, cols: 0, rows: 24 }, /cols must be at least 2/],
    ['a fractional stream', { action: 'detach', stream: 1.5 }, /stream/],
    ['a stream beyond 32 bits', { action: 'detach', stream: 2 ** 32 }, /stream must be at most/],
    ['a negative offset', { action: 'ack', stream: 1, offset: -1 }, /offset must be at least 0/],
    ['no topic', { action: 'subscribe', topics: [] }, /topics must be at least 1 entries long/],
    ['a pattern that is none', { action: 'subscribe', topics: ['ses*'] }, /topics\.0/],
    ['a session that is no id', { action: 'cancel', session_id: '../x' }, /session_id must be a valid uuid/],
    ['a path with a space', { action: 'http', method: 'GET', path: '/a b' }, /path/],
    ['a path of another host', { action: 'http', method: 'GET', path: 'http://x/' }, /path/],
    ['a header with a line break', { action: 'http', method: 'GET', path: '/', headers: { a: 'b\r\nc: d' } }, /headers\.a/],
    ['too many headers', { action: 'http', method: 'GET', path: '/', headers: Object.fromEntries(headers(33)) }, /headers/],
    ['an unknown field', { action: 'ping', also: 1 }, /fields that are not known: "also"/],
    ['an unknown action', { action: 'reboot' }, /no action "reboot"/],
    ['an inherited name as action', { action: 'constructor' }, /no action/],
    ['no action', {}, /action is missing/],
    ['no payload', null, /action is missing/],
  ])('refuses %s and keeps the id for the answer', (_, payload, detail) => {
    const { id, error: refused } = refusal(raw(payload));
    expect(id).toBe('r1');
    expect(refused.code).toBe('bad_request');
    expect(refused.message).toMatch(detail);
  });

  it('C18: refuses a request with __proto__ of its own', () => {
    expect(
      refusal(`{"type":"request","id":"r1","timestamp":"2026-11-20T12:00:00Z","payload":{"action":"ping","__proto__":{"a":1}}}`).error.code,
    ).toBe('bad_request');
    expect(({} as { a?: number }).a).toBeUndefined();
  });

  it('refuses unknown fields of the envelope, another type and a time that is none', () => {
    expect(refusal(raw({ action: 'ping' }, { more: 1 })).error.message).toMatch(/not known: "more"/);
    expect(refusal(raw({ action: 'ping' }, { type: 'response' })).error.message).toMatch(/type must be "request"/);
    expect(refusal(raw({ action: 'ping' }, { timestamp: 'now' })).error.message).toMatch(/timestamp/);
  });

  it('gives no id when there is none to read, or one that could not be sent back', () => {
    for (const text of ['', 'no json', '[]', '"x"', 'null', raw({}, { id: 7 }), raw({}, { id: 'a\nb' }), raw({}, { id: 'x'.repeat(65) })]) {
      expect(refusal(text).id).toBeNull();
    }
  });

  it('C17: refuses a message nested a million deep before parsing it', () => {
    const deep = '['.repeat(1e6) + ']'.repeat(1e6);
    expect(refusal(deep).error.message).toMatch(/nested at most 64/);
  });

  it('counts nesting outside of strings only', () => {
    const text = '[{"\\'.repeat(MAX_MESSAGE_DEPTH);
    expect(readRequest(raw({ action: 'prompt', session_id: SESSION, prompt_id: PROMPT, content: text })).ok).toBe(true);
  });

  it('C17: refuses an oversized message, counted in bytes', () => {
    expect(refusal(`"${'x'.repeat(MAX_LINK_MESSAGE_BYTES)}"`).error.code).toBe('too_large');
    expect(refusal(`"${'€'.repeat(MAX_LINK_MESSAGE_BYTES / 2)}"`).error.code).toBe('too_large');
    expect(refusal(`"${'x'.repeat(MAX_LINK_MESSAGE_BYTES - 2)}"`).error.code).toBe('bad_request');
  });

  it('never echoes control characters of the input', () => {
    expect(refusal(raw({ action: '\u001b[2J\nroot' })).error.message).not.toMatch(/\p{Cc}/u);
  });
});

const headers = (n: number): [string, string][] => Array.from({ length: n }, (_, i) => [`h${i}`, 'v']);

describe('readReply', () => {
  it('takes responses, errors and events, and passes on what it does not know', () => {
    const pong = response('r1', 'pong', {}, NOW);
    expect(readReply(encodeMessage(pong))).toEqual(pong);
    const problem = error('r1', new AfieldError('session_not_found', 'No session of that id.'), NOW);
    expect(readReply(encodeMessage(problem))).toEqual(problem);
    const closed = event({ type: 'stream.closed', stream: 3, reason: 'ended' }, NOW);
    expect(readReply(encodeMessage(closed))).toEqual(closed);
    const future = {
      type: 'event',
      id: 'e9',
      timestamp: '',
      payload: { type: 'weather.changed', seq: 9, session_id: null, payload: {}, new: 1 },
    };
    expect(readReply(JSON.stringify(future))).toEqual(future);
  });

  it.each([
    ['an unknown kind', { type: 'response', id: 'r1', payload: { kind: 'dance' } }],
    ['an inherited name as kind', { type: 'response', id: 'r1', payload: { kind: 'toString' } }],
    ['a welcome without its constants', { type: 'response', id: 'r1', payload: { kind: 'welcome' } }],
    ['an event without seq', { type: 'event', id: 'e1', payload: { type: 'log', session_id: null, payload: {} } }],
    ['a request', { type: 'request', id: 'r1', payload: { action: 'ping' } }],
    ['no object', 7],
  ])('ignores %s', (_, message) => {
    expect(readReply(JSON.stringify(message))).toBeNull();
  });

  it('ignores what is no JSON, too deep or too large', () => {
    expect(readReply('{')).toBeNull();
    expect(readReply('['.repeat(1e6))).toBeNull();
    expect(readReply(`"${'x'.repeat(MAX_LINK_MESSAGE_BYTES)}"`)).toBeNull();
  });
});

describe('encodeMessage', () => {
  it('refuses to send what the other side would refuse', () => {
    const message = response('r1', 'http', { status: 200, headers: {}, body: 'x'.repeat(MAX_LINK_MESSAGE_BYTES) }, NOW);
    expect(() => encodeMessage(message)).toThrow(expect.objectContaining({ code: 'too_large' }));
  });

  it('never lets fields replace the action', () => {
    expect(request('r1', 'ping', { action: 'cancel' } as never, NOW).payload.action).toBe('ping');
  });
});
