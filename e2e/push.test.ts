/** Notifications end to end: a session at home fails, the phone is called, a tap opens that session. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Device, Pairing } from '@afield/shared/api/devices.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pairDevice } from './device.ts';
import { type House, startHouse, until } from './kit.ts';
import { openPhone, type Phone } from './phone.ts';
import { type PushBrowser, usePushReceiver } from './push-browser.ts';
import { type PushReceiver, startPushReceiver, type TestSubscription } from './push-receiver.ts';
import { type DrivenWorker, driveWorker } from './service-worker.ts';
import { pair } from './steps.ts';

let receiver: PushReceiver;
let house: House;
let phone: Phone;
let browser: PushBrowser;
let worker: DrivenWorker;

/** An agent that works for seven seconds on whatever it is told, then waits. */
const PLODS = 'while read -r line; do for i in 1 2 3 4 5 6 7; do echo "step $i"; sleep 1; done; done';

beforeAll(async () => {
  receiver = await startPushReceiver();
  [house, phone] = await Promise.all([
    startHouse({
      config: { agents: { plodder: { command: ['sh', '-c', PLODS], quiet_ms: 1500 } } },
      env: { AFIELD_PUSH_HOSTS: receiver.origin },
    }),
    openPhone({ permissions: ['notifications'] }),
  ]);
  browser = await usePushReceiver(phone, receiver);
  await pair(house, phone);
  worker = await driveWorker(phone.page);
});
afterAll(async () => {
  await phone?.close();
  await house?.stop();
  await receiver?.close();
});

const current = (): TestSubscription => browser.subscriptions.at(-1)!;
const settings = () => phone.page.getByRole('navigation').getByRole('link', { name: 'More' }).click();
const toggle = () => phone.page.getByRole('switch', { name: /^Call me on this device/ });
const device = async () => (await house.json<{ items: Device[] }>('devices', 'list')).items[0]!;

/** The next message that the push service takes; the browser opens it and wakes the service worker. */
async function arrival(subscription: TestSubscription, count: number): Promise<Record<string, unknown>> {
  await until(`message ${count} arrives at the push service`, () => subscription.received.length === count);
  const { message } = subscription.received[count - 1]!;
  await worker.deliver(JSON.stringify(message));
  return message;
}

/** A session that nobody looks at or types into; a shell that ends by itself unless `more` says another agent. */
async function runAtHome(name: string, script: string, more: object = {}): Promise<Session> {
  const token = (await readFile(path.join(house.home, 'token'), 'utf8')).trim();
  const response = await fetch(`${house.url}/api/v1/sessions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ agent: 'shell', name, cwd: house.home, args: script === '' ? [] : ['-c', script], ...more }),
  });
  expect(response.status).toBe(201);
  return (await response.json()) as Session;
}

describe('notifications', () => {
  it('are off until the person asks for them, and then known at home', async () => {
    await settings();
    await toggle().waitFor();
    expect(await toggle().isChecked()).toBe(false);
    expect((await device()).push).toBeNull();
    await toggle().click();
    const known = await until('home knows', async () => (await device()).push);
    expect(known).toEqual({ last_confirmed_at: null, last_error: null });
    expect(await toggle().isChecked()).toBe(true);
    expect(browser.subscriptions).toHaveLength(1);
  });

  it('prove themselves with a real test, confirmed by the device', async () => {
    await phone.page.getByRole('button', { name: 'Send a test', exact: true }).click();
    await phone.page.getByText('Sent. Waiting for it to arrive here…').waitFor();
    await phone.shot('push-test-sent');
    const message = await arrival(current(), 1);
    expect(message).toMatchObject({ kind: 'test', title: 'Your home server can reach you' });
    await phone.page.getByText('Arrived. Home can call this device.').waitFor();
    await until('home knows', async () => (await device()).push?.last_confirmed_at);
    await phone.shot('push-test-arrived');
  });

  it('call when a session fails, and a tap opens it', async () => {
    const session = await runAtHome('Nightly update', 'sleep 1; exit 3');
    const message = await arrival(current(), 2);
    expect(message).toMatchObject({ kind: 'failed', title: 'Failed: Nightly update', session_id: session.id });
    await until('it is shown', async () => (await worker.shown()).some(({ title }) => title === 'Failed: Nightly update'));
    await worker.tap(`session:${session.id}`);
    await phone.page.waitForURL(`**/sessions/${session.id}**`);
    await phone.page.getByRole('heading', { name: 'Nightly update' }).waitFor();
    await phone.shot('push-opened-session');
  });

  it('call when a session finishes, sealed for the device alone', async () => {
    await runAtHome('Short job', 'true');
    const message = await arrival(current(), 3);
    expect(message).toMatchObject({ kind: 'finished', title: 'Finished: Short job' });
    const { sender, claims, ttl, urgency } = current().received[2]!;
    expect(claims.aud).toBe(receiver.origin);
    expect([ttl, urgency, sender.length]).toEqual([86_400, 'high', 87]);
  });

  it('call when an agent has ended its turn and waits for its person', async () => {
    const session = await runAtHome('Plod along', '', { agent: 'plodder', prompt: 'go on' });
    const message = await arrival(current(), 4);
    expect(message).toMatchObject({ kind: 'waiting', title: 'plodder waits for you', session_id: session.id });
    expect(message.body).toMatch(/^Plod along · waits for your next message · worked \d+ s$/);
    expect((await house.cli('stop', session.id)).code).toBe(0);
  });

  it('are subscribed anew at the next launch when the push service dropped them', async () => {
    const old = current();
    old.expire();
    await runAtHome('Unheard', 'true');
    await until('home drops the subscription', async () => (await device()).push === null);
    expect(old.answers.at(-1)).toBe(410);
    await phone.page.reload();
    await until('the page has subscribed again', () => browser.subscriptions.length === 2);
    await until('home has it', async () => (await device()).push !== null);
    await runAtHome('Heard again', 'true');
    await until('the new one is used', () => current().received.length === 1);
  });

  it('say why when the push service cannot be reached', async () => {
    await phone.page.goto(new URL('/settings', phone.page.url()).href);
    await until('they are on', () => toggle().isChecked());
    await toggle().click();
    await until('they are off', async () => !(await toggle().isChecked()));
    browser.unreachable = true;
    await toggle().click();
    await phone.page.getByText('The browser’s push service does not answer.').waitFor({ timeout: 40_000 });
    expect(await toggle().isChecked()).toBe(false);
    await phone.shot('push-unreachable');
    browser.unreachable = false;
    await phone.page.getByRole('button', { name: 'Try again' }).click();
    await until('home has it', async () => (await device()).push !== null);
  });

  it('tell of every new device, and A24: end when their own is revoked', async () => {
    const own = await device();
    const mine = current();
    const { link } = await house.json<Pairing>('pair');
    const other = (await pairDevice(link!, 'Someone else’s phone')).connect();
    const witness = receiver.subscribe();
    try {
      await until('this phone is told', () =>
        mine.received.some(({ message }) => message.kind === 'device_paired' && String(message.body).startsWith('Someone else’s phone')),
      );
      await other.call('subscribePush', { body: witness.json });
      const before = mine.answers.length;
      expect((await house.cli('devices', 'revoke', own.id)).code).toBe(0);
      await runAtHome('After the end', 'true');
      await until('the other is called', () => witness.received.length === 1);
      expect(mine.answers.length).toBe(before);
    } finally {
      other.close();
    }
  });

  it('leave no endpoint in the log of the home server', () => {
    expect(house.server.output).not.toContain('/push/');
    for (const { json } of browser.subscriptions) expect(house.server.output).not.toContain(json.keys.auth);
  });
});
