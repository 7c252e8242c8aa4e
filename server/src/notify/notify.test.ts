import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Device } from '@afield/shared/api/devices.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import type { SessionUsage } from '@afield/shared/api/usage.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type PushReceiver, startPushReceiver, type TestSubscription } from '../../../e2e/push-receiver.ts';
import { createSecretFile, readSecretFile } from '../auth/secret-file.ts';
import { createEventLog } from '../core/event-log.ts';
import { type ManualClock, manualClock } from '../core/manual-clock.ts';
import type { Notify, PushStore } from '../core/push.ts';
import type { EventLog } from '../core/service.ts';
import { pushStore } from '../store/push.ts';
import { openStore, type Store } from '../store/store.ts';
import { createNotify, type PushConfig } from './index.ts';
import { sampleApproval, sampleOutcome } from './sample-approval.ts';
import { sampleSession } from './sample-session.ts';

let folder: string;
let database: Store;
let store: PushStore;
let clock: ManualClock;
let events: EventLog;
let receiver: PushReceiver;
let notify: Notify;
let warned: string[];

const start = (config: Partial<PushConfig> = {}) =>
  createNotify({
    config: { push_subject: null, push_hosts: [receiver.origin], pwa_url: 'https://afield.example.org', ...config },
    keyFile: join(folder, 'vapid.json'),
    secretFiles: { read: readSecretFile, create: createSecretFile },
    store,
    events,
    sessions: { lastInputAt: () => null },
    takesTurns: (agent) => agent !== 'shell',
    clock,
    warn: (message) => warned.push(message),
  });

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'afield-notify-'));
  database = openStore(join(folder, 'afield.db'));
  store = pushStore(database.db);
  clock = manualClock();
  events = createEventLog(database.events, clock);
  receiver = await startPushReceiver();
  warned = [];
  notify = start();
});
afterEach(async () => {
  await notify.close();
  await receiver.close();
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A device that asked for notifications. */
function subscribe(device_id: string): TestSubscription {
  const browser = receiver.subscribe(notify.push.state(device_id).vapid_public_key);
  notify.push.subscribe(device_id, browser.json);
  return browser;
}
function becomes(status: Session['status'], previous: Session['status']): number {
  const session = sampleSession({ status });
  return events.publish('session.status_changed', session.id, { session, previous }).seq;
}
const received = (browser: TestSubscription, count: number) => vi.waitFor(() => expect(browser.received).toHaveLength(count));

describe('a session that calls', () => {
  it('tells every device that asked for it, once, and none other', async () => {
    const phone = subscribe('phone');
    const tablet = subscribe('tablet');
    const seq = becomes('failed', 'busy');
    clock.advance(3_000);
    await received(phone, 1);
    await received(tablet, 1);
    expect(phone.received[0]?.message).toMatchObject({
      kind: 'failed',
      title: 'Failed: Fix the checkout',
      path: `/sessions/${sampleSession().id}`,
      seq,
    });
    expect(phone.received[0]?.claims.sub).toBe('https://afield.example.org');
    clock.advance(86_400_000);
    expect(notify.push.state('phone')).toMatchObject({ subscribed: true, last_sent_at: '2026-01-01T00:00:03.000Z', last_error: null });
    expect(phone.answers).toEqual([201]);
  });

  it('tells of an approval by what it is, not once more by its status, and takes it back when it was answered at the desk', async () => {
    const phone = subscribe('phone');
    const approval = sampleApproval();
    becomes('waiting', 'busy');
    events.publish('approval.requested', approval.session_id, { approval });
    clock.advance(60_000);
    await received(phone, 1);
    expect(phone.received[0]?.message).toMatchObject({ kind: 'waiting', title: 'claude wants to run a command' });
    const outcome = sampleOutcome({ by: 'the desk' });
    events.publish('approval.resolved', approval.session_id, { approval: { ...approval, state: 'answered', outcome } });
    becomes('busy', 'waiting');
    await received(phone, 2);
    expect(phone.received[1]?.message).toMatchObject({ kind: 'answered', body: 'Allow, at the desk · claude wants to run a command' });
  });

  it('F5: drops a device whose subscription is gone, and goes on with the others', async () => {
    const phone = subscribe('phone');
    const tablet = subscribe('tablet');
    phone.expire();
    becomes('lost', 'busy');
    clock.advance(3_000);
    await received(tablet, 1);
    await vi.waitFor(() => expect(notify.push.state('phone').subscribed).toBe(false));
    expect(warned.join()).not.toContain(phone.json.endpoint);
  });

  it('F5: tries again after 429', async () => {
    const phone = subscribe('phone');
    phone.refuse({ status: 429, headers: { 'Retry-After': '30' } });
    becomes('finished', 'busy');
    clock.advance(3_000);
    await vi.waitFor(() => expect(notify.push.state('phone').last_error).toContain('429'));
    clock.advance(30_000);
    await received(phone, 1);
    await vi.waitFor(() => expect(notify.push.state('phone').last_error).toBeNull());
  });
});

describe('budgets', () => {
  it('are told when an event says that one came near its end, whoever is looking, and not again', async () => {
    const phone = subscribe('phone');
    const crossed = { budget: 'session', usd: 1, session_name: 'shop', agent: 'claude' } as const;
    const updated = (changes: object) => events.publish('usage.updated', sampleSession().id, { usage: {} as SessionUsage, ...changes });
    updated({});
    updated({ crossed: [{ ...crossed, state: 'near', spent_usd: 0.8 }] });
    await received(phone, 1);
    updated({});
    updated({
      crossed: [
        { ...crossed, state: 'reached', spent_usd: 1 },
        { ...crossed, budget: 'day', state: 'near', spent_usd: 1 },
      ],
    });
    await received(phone, 3);
    await notify.close();
    expect(phone.received.map(({ message }) => message.title)).toEqual([
      'Budget nearly used: shop',
      'Budget reached: shop',
      'Budget of the day nearly used',
    ]);
  });
});

describe('devices', () => {
  const paired = (id: string) => events.publish('device.paired', null, { device: { id, name: 'Pixel 9' } as Device });

  it('tells the others of a new one, not the new one itself', async () => {
    const old = subscribe('old');
    const fresh = subscribe('fresh');
    paired('fresh');
    await received(old, 1);
    expect(old.received[0]?.message).toMatchObject({ kind: 'device_paired', body: expect.stringContaining('Pixel 9') });
    await notify.close();
    expect(fresh.answers).toEqual([]);
  });

  it('A24: a revoked device is told nothing more', async () => {
    const phone = subscribe('phone');
    const tablet = subscribe('tablet');
    becomes('finished', 'busy');
    events.publish('device.revoked', null, { device_id: 'phone' });
    expect(store.get('phone')).toBeNull();
    clock.advance(3_000);
    await received(tablet, 1);
    await notify.close();
    expect(phone.answers).toEqual([]);
  });
});

describe('a subscription', () => {
  it('is refused when it leads anywhere but to a push service', () => {
    const { json } = receiver.subscribe();
    for (const endpoint of ['https://169.254.169.254/a', 'http://127.0.0.1:1/a', 'https://attacker.example/a']) {
      expect(() => notify.push.subscribe('phone', { ...json, endpoint })).toThrow(expect.objectContaining({ code: 'push_refused' }));
    }
    const p256dh = Buffer.alloc(65, 4).toString('base64url');
    expect(() => notify.push.subscribe('phone', { ...json, keys: { ...json.keys, p256dh } })).toThrow(/key of this subscription/);
    expect(notify.push.state('phone').subscribed).toBe(false);
  });

  it('keeps what was proven when it is renewed, and not when it is another', () => {
    const browser = subscribe('phone');
    store.update('phone', { last_sent_at: '2026-01-01T00:00:00.000Z', last_confirmed_at: '2026-01-01T00:00:01.000Z' });
    clock.advance(86_400_000);
    expect(notify.push.subscribe('phone', { ...browser.json, expirationTime: 8.64e15 + 1 }).last_confirmed_at).toBe(
      '2026-01-01T00:00:01.000Z',
    );
    expect(store.get('phone')).toMatchObject({
      created_at: '2026-01-01T00:00:00.000Z',
      renewed_at: '2026-01-02T00:00:00.000Z',
      expires_at: null,
    });
    expect(notify.push.subscribe('phone', receiver.subscribe().json)).toMatchObject({ last_sent_at: null, last_confirmed_at: null });
  });

  it('ends when the device says so', async () => {
    const phone = subscribe('phone');
    notify.push.unsubscribe('phone');
    becomes('failed', 'busy');
    clock.advance(3_000);
    await notify.close();
    expect(phone.answers).toEqual([]);
  });
});

describe('a test', () => {
  it('really goes out, and is confirmed when the device says that it came', async () => {
    const phone = subscribe('phone');
    becomes('busy', 'idle');
    expect(await notify.push.test('phone')).toMatchObject({ last_sent_at: '2026-01-01T00:00:00.000Z', last_confirmed_at: null });
    const seq = phone.received[0]?.message.seq as number;
    expect(phone.received[0]?.message.kind).toBe('test');
    clock.advance(400);
    expect(notify.push.confirm('phone', seq).last_confirmed_at).toBe('2026-01-01T00:00:00.400Z');
  });

  it('takes no confirmation of what was never sent', async () => {
    subscribe('phone');
    expect(notify.push.confirm('phone', 0).last_confirmed_at).toBeNull();
    await notify.push.test('phone');
    expect(notify.push.confirm('phone', 1_000).last_confirmed_at).toBeNull();
    expect(notify.push.confirm('nobody', 0)).toMatchObject({ subscribed: false, last_confirmed_at: null });
  });

  it('says what went wrong: no subscription, refused, gone, out of reach, too many', async () => {
    await expect(notify.push.test('phone')).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('Turn them on first'),
    });
    const phone = subscribe('phone');
    phone.refuse({ status: 403, body: '{"reason":"BadJwtToken"}' }, { status: 503 });
    await expect(notify.push.test('phone')).rejects.toMatchObject({
      code: 'push_refused',
      message: expect.stringContaining('push_subject'),
    });
    expect(notify.push.state('phone').last_error).toContain('BadJwtToken');
    await expect(notify.push.test('phone')).rejects.toMatchObject({
      code: 'push_refused',
      message: expect.stringContaining('Try again in a minute'),
    });
    for (let i = 0; i < 4; i += 1) await notify.push.test('phone');
    await expect(notify.push.test('phone')).rejects.toMatchObject({ code: 'rate_limited' });
    clock.advance(60_000);
    phone.expire();
    await expect(notify.push.test('phone')).rejects.toMatchObject({ code: 'push_refused', message: expect.stringContaining('410') });
    expect(notify.push.state('phone').subscribed).toBe(false);
  });
});

describe('keys and settings', () => {
  it('keeps the key over a restart, in a file of its own', async () => {
    const { vapid_public_key } = notify.push.state('phone');
    expect(statSync(join(folder, 'vapid.json')).mode & 0o777).toBe(0o600);
    await notify.close();
    notify = start();
    expect(notify.push.state('phone').vapid_public_key).toBe(vapid_public_key);
  });

  it('asks every device anew when the key is lost: what it had is worthless', async () => {
    subscribe('phone');
    await notify.close();
    rmSync(join(folder, 'vapid.json'));
    notify = start();
    expect(notify.push.state('phone').subscribed).toBe(false);
    expect(warned).toEqual([expect.stringContaining('1 devices subscribe again')]);
  });

  it('G5: refuses a key that others may read, and leaves it as it is', async () => {
    await notify.close();
    const file = join(folder, 'vapid.json');
    const before = readFileSync(file, 'utf8');
    chmodSync(file, 0o644);
    expect(() => start()).toThrow(/chmod 600/);
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it('refuses to start with settings that cannot work', () => {
    expect(() => start({ push_subject: 'mailto:sam@localhost' })).toThrow(/push_subject/);
    expect(() => start({ push_hosts: ['http://192.168.1.4'] })).toThrow(/push_hosts/);
  });
});

it('ends at once, even while a push service does not answer', async () => {
  const phone = subscribe('phone');
  phone.stall();
  const asked = notify.push.test('phone').catch((error: unknown) => error);
  await vi.waitFor(() => expect(phone.asked).toBe(1));
  await notify.close();
  // Cut off, as against the deadline of 5 s.
  expect(await asked).toMatchObject({ code: 'push_refused', message: expect.stringContaining('could not be reached') });
  expect(phone.received).toEqual([]);
});

it('doctor says how notifications are', async () => {
  const only = () => notify.checks()[0];
  expect(only()).toMatchObject({ name: 'push', ok: true, level: 'ok', detail: 'No device asked for notifications.' });
  const phone = subscribe('phone');
  expect(only()).toMatchObject({ ok: true, level: 'ok' });
  await notify.push.test('phone');
  expect(only()).toMatchObject({ ok: false, level: 'warning', detail: expect.stringContaining('never said') });
  notify.push.confirm('phone', 0);
  expect(only()).toMatchObject({ ok: true });
  phone.refuse({ status: 403 });
  await notify.push.test('phone').catch(() => undefined);
  expect(only()).toMatchObject({ ok: false, detail: expect.stringContaining('403') });
});
