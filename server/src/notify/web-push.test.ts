import type { PushMessage } from '@afield/shared/api/push.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateVAPIDKeys } from 'web-push';
import { type PushReceiver, startPushReceiver, type TestSubscription } from '../../../e2e/push-receiver.ts';
import { type ManualClock, manualClock } from '../core/manual-clock.ts';
import type { PushRow } from '../core/push.ts';
import { createEndpointCheck } from './endpoint.ts';
import { createSender, type Sender } from './web-push.ts';

let receiver: PushReceiver;
let browser: TestSubscription;
let clock: ManualClock;
let sender: Sender;
const keys = generateVAPIDKeys();

const message: PushMessage = {
  kind: 'finished',
  title: 'Finished: Grüße',
  body: 'claude ended by itself',
  tag: 'session:019a0000-0000-7000-8000-000000000001',
  path: '/sessions/019a0000-0000-7000-8000-000000000001',
  session_id: '019a0000-0000-7000-8000-000000000001',
  seq: 12,
  timestamp: '2026-01-01T00:00:00.000Z',
};

beforeEach(async () => {
  receiver = await startPushReceiver();
  browser = receiver.subscribe(keys.publicKey);
  clock = manualClock();
  sender = createSender({ clock, keys, subject: 'https://afield.example.org', check: createEndpointCheck([receiver.origin]) });
});
afterEach(() => receiver.close());

const rowOf = ({ json }: TestSubscription, changes: Partial<PushRow> = {}): PushRow => ({
  device_id: 'phone',
  endpoint: json.endpoint,
  p256dh: json.keys.p256dh,
  auth: json.keys.auth,
  expires_at: null,
  created_at: '',
  renewed_at: '',
  last_sent_at: null,
  last_confirmed_at: null,
  last_error: null,
  ...changes,
});

describe('a message on the wire', () => {
  it('arrives as it was sent, sealed, signed, with TTL, urgency and a topic that says nothing', async () => {
    expect(await sender.send(rowOf(browser), message)).toEqual({ kind: 'taken' });
    const [got] = browser.received;
    expect(got).toMatchObject({
      message,
      ttl: 86_400,
      urgency: 'high',
      sender: keys.publicKey,
      claims: { aud: receiver.origin, sub: 'https://afield.example.org' },
    });
    expect(got?.topic).toHaveLength(32);
    expect(got?.topic).not.toContain('019a0000');
  });

  it('has one length, whatever it says', async () => {
    await sender.send(rowOf(browser), message);
    await sender.send(rowOf(browser), { ...message, body: 'x'.repeat(240) });
    expect(new Set(browser.received.map(({ bytes }) => bytes)).size).toBe(1);
    expect(browser.received[0]?.bytes).toBeLessThan(4096);
  });

  it('keeps the topic for a session, so that the newest replaces what still waits', async () => {
    await sender.send(rowOf(browser), message);
    await sender.send(rowOf(browser), { ...message, kind: 'failed', seq: 13 });
    await sender.send(rowOf(browser), { ...message, tag: 'session:another' });
    const [first, second, third] = browser.received.map(({ topic }) => topic);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it('expires soon when it is a test', async () => {
    await sender.send(rowOf(browser), { ...message, kind: 'test' });
    expect(browser.received[0]?.ttl).toBe(60);
  });

  it('uses a token again within the hour, as Apple asks', async () => {
    const token = async () => {
      await sender.send(rowOf(browser), message);
      return browser.received.at(-1)?.token;
    };
    const first = await token();
    expect(await token()).toBe(first);
    clock.advance(60 * 60 * 1000);
    expect(await token()).not.toBe(first);
  });
});

describe('what comes of it', () => {
  it.each([404, 410])('F5: %i: the subscription is gone', async (status) => {
    browser.refuse({ status });
    expect(await sender.send(rowOf(browser), message)).toMatchObject({
      kind: 'gone',
      detail: expect.stringContaining('Open Afield on the device'),
    });
  });

  it('F5: 429 and 5xx: later, when the service says', async () => {
    const at = new Date(clock.now() + 90_000).toUTCString();
    browser.refuse(
      { status: 429, headers: { 'Retry-After': '120' } },
      { status: 503, headers: { 'Retry-After': at } },
      { status: 500, headers: { 'Retry-After': 'soon' } },
      { status: 502 },
    );
    const outcomes = [];
    for (let i = 0; i < 4; i += 1) outcomes.push(await sender.send(rowOf(browser), message));
    expect(outcomes).toMatchObject([
      { kind: 'later', afterMs: 120_000 },
      { kind: 'later', afterMs: 90_000 },
      { kind: 'later', afterMs: null },
      { kind: 'later', afterMs: null },
    ]);
  });

  it.each([401, 403])('users 2: %i: refused, with what to look at and the service’s reason', async (status) => {
    browser.refuse({ status, body: '{"reason":"BadJwtToken"}\u001b]0;x\u0007' });
    const outcome = await sender.send(rowOf(browser), message);
    expect(outcome).toMatchObject({ kind: 'refused' });
    expect((outcome as { detail: string }).detail).toMatch(/answered 40[13] \(\{"reason":"BadJwtToken"\} \]0;x\): .*clock.*push_subject/);
  });

  it('is refused by a service that knows another key', async () => {
    const stranger = receiver.subscribe(generateVAPIDKeys().publicKey);
    expect(await sender.send(rowOf(stranger), message)).toMatchObject({ kind: 'refused', detail: expect.stringContaining('not the one') });
  });

  it.each([
    [302, /redirects are not followed/],
    [400, /answered 400\. Turn notifications off and on/],
    [413, /answered 413/],
  ])('%i: refused', async (status, detail) => {
    browser.refuse({ status, headers: { Location: 'http://127.0.0.1:1/' }, body: '<html>long page</html>' });
    expect(await sender.send(rowOf(browser), message)).toEqual({ kind: 'refused', detail: expect.stringMatching(detail) });
  });

  it('nobody there: later', async () => {
    await receiver.close();
    expect(await sender.send(rowOf(browser), message)).toMatchObject({
      kind: 'later',
      afterMs: null,
      detail: expect.stringContaining('ECONNREFUSED'),
    });
    receiver = await startPushReceiver();
  });

  it('a key that is none: refused, and never tried again', async () => {
    expect(await sender.send(rowOf(browser, { p256dh: 'AAAA' }), message)).toMatchObject({ kind: 'refused' });
    expect(browser.answers).toEqual([]);
  });

  it('F1: an endpoint that is not on the list is never called', async () => {
    const strict = createSender({ clock, keys, subject: 'https://afield.example.org', check: createEndpointCheck([]) });
    expect(await strict.send(rowOf(browser), message)).toMatchObject({ kind: 'refused' });
    expect(browser.answers).toEqual([]);
  });
});
