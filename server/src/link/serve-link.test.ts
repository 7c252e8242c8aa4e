import type { Prompt } from '@afield/shared/api/prompts.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { encodeFrame, FRAME_INPUT, FRAME_OUTPUT } from '@afield/shared/link/frames.ts';
import { memoryPipePair } from '@afield/shared/link/memory-pair.ts';
import type { LinkPipe } from '@afield/shared/link/pipe.ts';
import type { TurnPiece } from '@afield/shared/turn-reader.ts';
import { afterEach, describe, expect, it } from 'vitest';
import type { Identity } from '../core/identity.ts';
import type { DispatchResponse } from '../core/request.ts';
import { endAll, type House, ID, start } from './link-kit.ts';
import { serveLink } from './serve-link.ts';
import { MAX_CALLS } from './served-link.ts';

afterEach(endAll);

describe('the beginning', () => {
  it('says welcome first, to a channel', async () => {
    const house = start();
    house.publish();
    await house.settled();
    expect(house.told[0]).toMatchObject({
      type: 'response',
      payload: { kind: 'welcome', device_id: ID, user: 'owner', scopes: ['*'], server_version: '9.9.9', heartbeat_ms: 25_000, next_seq: 1 },
    });
    expect(house.connections.size).toBe(1);
  });

  it('on a local socket wants the token first, as a message', async () => {
    const house = start({ token: 'right' });
    await house.settled();
    expect(house.told).toEqual([]);
    const id = house.ask('auth', { token: 'right' });
    await house.settled();
    expect(house.answerTo(id)).toMatchObject({ kind: 'welcome' });
    house.ask('auth', { token: 'right' });
    await house.settled();
    expect(house.told.at(-1)).toMatchObject({ type: 'error', payload: { code: 'bad_request' } });
  });

  it.each<[string, (house: House) => void]>([
    ['a wrong token', (house) => void house.ask('auth', { token: 'wrong' })],
    ['another request', (house) => void house.ask('http', { method: 'GET', path: '/api/v1/info' })],
    ['nonsense', (house) => house.pair.b.sendText('nonsense')],
    ['a frame', (house) => house.pair.b.sendFrame(encodeFrame({ kind: FRAME_INPUT, stream: 1, offset: 0, bytes: new Uint8Array(1) }))],
    ['silence for 5 s', (house) => house.clock.advance(5_000)],
  ])('on a local socket ends after %s', async (_what, act) => {
    const house = start({ token: 'right' });
    act(house);
    await house.settled();
    expect(house.ended()?.kind).toMatch(/refused|protocol/);
    expect(house.requests).toEqual([]);
    expect(house.connections.size).toBe(0);
  });
});

describe('requests', () => {
  it('go to dispatch with the identity of the connection, and never with a token of their own', async () => {
    const house = start();
    const id = house.ask('http', {
      method: 'POST',
      path: '/api/v1/x',
      headers: { authorization: 'Bearer stolen', 'x-a': 'b' },
      body: { base64: 'AA==' },
    });
    await house.settled();
    expect(house.requests[0]).toMatchObject({
      method: 'POST',
      path: '/api/v1/x',
      headers: { 'x-a': 'b' },
      body: { base64: 'AA==' },
      identity: { device_id: ID },
    });
    expect(house.requests[0]?.headers).not.toHaveProperty('authorization');
    expect(house.answerTo(id)).toMatchObject({ kind: 'http', status: 200, body: { ok: true } });
  });

  it('give raw answers in base64, streams collected, and refuse endless ones', async () => {
    const house = start();
    let returned = 0;
    async function* chunks() {
      yield Buffer.from('ab');
      yield Buffer.from('c');
    }
    const endless = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => {}),
        return: async () => ({ done: true as const, value: ++returned as never }),
      }),
    };
    house.responder.answer = async ({ path }) => ({
      headers: { 'content-type': path === '/events' ? 'text/event-stream' : 'text/plain' },
      raw: path === '/text' ? 'é' : path === '/events' ? endless : chunks(),
    });
    const [text, stream, events] = [
      house.ask('http', { method: 'GET', path: '/text' }),
      house.ask('http', { method: 'GET', path: '/stream' }),
      house.ask('http', { method: 'GET', path: '/events' }),
    ];
    await house.settled();
    expect(house.answerTo(text)).toMatchObject({ body: { base64: Buffer.from('é').toString('base64') } });
    expect(house.answerTo(stream)).toMatchObject({ body: { base64: 'YWJj' } });
    expect(house.answerTo(events)).toMatchObject({ code: 'bad_request', detail: expect.stringContaining('subscribe') });
    expect(returned).toBe(1);
  });

  it('an answer that is too large becomes an error, and the line lives', async () => {
    const house = start();
    house.responder.answer = async () => ({ raw: Buffer.alloc(7 * 1024 * 1024), headers: {} });
    const id = house.ask('http', { method: 'GET', path: '/x' });
    await house.settled();
    expect(house.answerTo(id)).toMatchObject({ code: 'too_large' });
    house.responder.answer = async () => ({ body: 'x'.repeat(9 * 1024 * 1024) });
    const json = house.ask('http', { method: 'GET', path: '/x' });
    await house.settled();
    expect(house.answerTo(json)).toMatchObject({ code: 'too_large' });
    expect(house.ended()).toBeNull();
  });

  it('prompt and cancel are routes under another name', async () => {
    const house = start();
    const prompt = house.ask('prompt', { session_id: ID, prompt_id: ID, content: 'hello' });
    house.ask('cancel', { session_id: ID });
    await house.settled();
    expect(house.requests.map(({ path, body }) => [path, body])).toEqual([
      [`/api/v1/sessions/${ID}/prompt`, { id: ID, content: 'hello', priority: 'normal' }],
      [`/api/v1/sessions/${ID}/cancel`, undefined],
    ]);
    expect(house.answerTo(prompt)).toMatchObject({ kind: 'ok' });
    house.responder.answer = async () => ({ status: 409, body: new AfieldError('session_ended', 'It is over.').toProblem() });
    const late = house.ask('prompt', { session_id: ID, prompt_id: ID, content: 'hello' });
    await house.settled();
    expect(house.answerTo(late)).toMatchObject({ code: 'session_ended', detail: 'It is over.' });
  });

  it('a prompt with `stream` is answered at once, then by what comes of it, under one id', async () => {
    const house = start();
    const pieces = async function* (): AsyncGenerator<TurnPiece> {
      yield { kind: 'text', content: 'Hel', done: false };
      yield { kind: 'text', content: 'lo', done: false };
      yield { kind: 'text', content: '', done: true };
      yield { kind: 'complete', usage: null, session: {} as Session };
    };
    house.responder.stream = (id) => ({ prompt: { id } as Prompt, pieces: pieces() });
    const prompt = house.ask('prompt', { session_id: ID, prompt_id: ID, content: 'hello', stream: true });
    await house.settled();
    expect(house.answersTo(prompt)).toEqual([
      { kind: 'ok' },
      { kind: 'text', content: 'Hel', done: false },
      { kind: 'text', content: 'lo', done: false },
      { kind: 'text', content: '', done: true },
      { kind: 'complete', usage: null },
    ]);
    house.responder.stream = () => {
      throw new AfieldError('not_supported', 'It has no chat face.');
    };
    const late = house.ask('prompt', { session_id: ID, prompt_id: ID, content: 'hello', stream: true });
    await house.settled();
    expect(house.answersTo(late)).toMatchObject([{ code: 'not_supported' }]);
  });

  it('an unknown action is an error; what has no id ends the line', async () => {
    const house = start();
    house.pair.b.sendText(JSON.stringify({ type: 'request', id: 'x', timestamp: '2026-01-01T00:00:00Z', payload: { action: 'sudo' } }));
    await house.settled();
    expect(house.answerTo('x')).toMatchObject({ code: 'bad_request' });
    expect(house.ended()).toBeNull();
    house.pair.b.sendText('{');
    await house.settled();
    expect(house.ended()?.kind).toBe('protocol');
  });

  it(`no more than ${MAX_CALLS} are under way at once, and an unexpected fault tells nothing`, async () => {
    const house = start();
    house.responder.answer = () => new Promise(() => {});
    for (let call = 0; call < MAX_CALLS; call++) house.ask('http', { method: 'GET', path: '/x' });
    const one = house.ask('http', { method: 'GET', path: '/x' });
    await house.settled();
    expect(house.answerTo(one)).toMatchObject({ code: 'rate_limited' });

    const other = start();
    other.responder.answer = async () => {
      throw new Error('canary');
    };
    const faulty = other.ask('http', { method: 'GET', path: '/x' });
    await other.settled();
    expect(other.answerTo(faulty)).toMatchObject({ code: 'internal' });
    expect(JSON.stringify(other.told)).not.toContain('canary');
    expect(other.seen.faults).toHaveLength(1);
  });

  it('are cancelled when the caller is gone', async () => {
    const house = start();
    house.responder.answer = () => new Promise(() => {});
    house.ask('http', { method: 'GET', path: '/x' });
    await house.settled();
    expect(house.requests[0]?.signal?.aborted).toBe(false);
    house.pair.cut();
    expect(house.requests[0]?.signal?.aborted).toBe(true);
    expect(house.connections.size).toBe(0);
  });
});

describe('the end', () => {
  it('C16, A24: once access ended, nothing that arrives is done and nothing more is told', async () => {
    const house = start();
    house.ask('attach', { session_id: ID, cols: 80, rows: 24, lease: 'take' });
    house.ask('subscribe', { topics: ['*'] });
    let release = (_: Partial<DispatchResponse>) => {};
    house.responder.answer = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    house.ask('http', { method: 'GET', path: '/slow' });
    await house.settled();
    const before = [house.told.length, house.frames.length];
    house.revoke();
    house.publish();
    house.sinks[0]?.send(FRAME_OUTPUT, 7, Buffer.from('secret'));
    release({ body: 'secret' });
    await house.settled();
    expect([house.told.length, house.frames.length]).toEqual(before);

    house.pair.b.sendFrame(encodeFrame({ kind: FRAME_INPUT, stream: 1, offset: 0, bytes: Buffer.from('rm') }));
    house.ask('http', { method: 'DELETE', path: '/x' });
    await house.settled();
    expect(house.ended()?.kind).toBe('refused');
    expect(house.seen.input).toEqual([]);
    expect(house.requests.map(({ path }) => path)).toEqual(['/slow']);
  });

  it('cuts a client that never reads', async () => {
    const house = start();
    house.pair.aToB.paused = true;
    house.responder.answer = async () => ({ body: 'x'.repeat(6 * 1024 * 1024) });
    for (let call = 0; call < 8; call++) house.ask('http', { method: 'GET', path: '/x' });
    await house.settled();
    expect(house.connections.size).toBe(0);
    expect(house.pair.a.bufferedBytes).toBeLessThan(40 * 1024 * 1024);
  });

  it('calls a line stale after a minute without a word, not sooner', async () => {
    const house = start();
    house.clock.advance(58_000);
    house.ask('ping', {});
    await house.settled();
    house.clock.advance(58_000);
    expect(house.ended()).toBeNull();
    house.clock.advance(10_000);
    await house.settled();
    expect(house.ended()?.kind).toBe('broken');
  });

  it('takes a large message that comes in parts for a word', async () => {
    const house = start();
    const pipe: LinkPipe = house.pair.a;
    let padded = 0;
    pipe.sendPadding = () => void padded++;
    await house.settled();
    for (let part = 0; part < 3; part++) {
      house.clock.advance(58_000);
      for (let more = 0; more < 10; more++) pipe.onHeard?.();
    }
    await house.settled();
    expect(house.ended()).toBeNull();
    // the other side hears of it, but not of each part
    expect(padded).toBe(3);
  });

  it('does not begin with somebody whose access ended a moment ago', async () => {
    const pair = memoryPipePair();
    const told: string[] = [];
    pair.b.onText = (text) => told.push(text);
    const gone: Identity = { kind: 'device', device_id: ID, device_name: 'x', user: 'owner', scopes: ['*'], valid: () => false };
    serveLink({ pipe: pair.a, door: 'relay', who: gone }, {} as never);
    await pair.settled();
    expect(told).toEqual([]);
  });
});
