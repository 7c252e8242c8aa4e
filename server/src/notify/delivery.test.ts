import type { PushMessage } from '@afield/shared/api/push.ts';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type ManualClock, manualClock } from '../core/manual-clock.ts';
import type { PushRow, PushStore } from '../core/push.ts';
import { createDelivery, type Delivery } from './delivery.ts';
import { memoryPushStore } from './memory-push-store.ts';
import type { Outcome } from './web-push.ts';

let clock: ManualClock;
let store: PushStore;
let delivery: Delivery;
let sent: string[];
let warned: string[];
/** Outcomes of the next attempts; then everything is taken. */
let outcomes: Outcome[];
/** What happens when the sender is cut off. */
let cut: () => void;
/** While set, attempts hang on it. */
let gate: Promise<void> | null;

const row = (device_id: string): PushRow => ({
  device_id,
  endpoint: `https://push.example/${device_id}`,
  p256dh: '',
  auth: '',
  expires_at: null,
  created_at: '',
  renewed_at: '',
  last_sent_at: null,
  last_confirmed_at: null,
  last_error: null,
});
const message = (tag: string, title = tag): PushMessage => ({
  kind: 'finished',
  title,
  body: '',
  tag,
  path: '/',
  session_id: null,
  seq: 1,
  timestamp: '2026-01-01T00:00:00.000Z',
});
const later = (afterMs: number | null = null): Outcome => ({ kind: 'later', detail: 'busy', afterMs });
/** Lets everything run that does not wait for the clock. */
const settle = () => new Promise((done) => setImmediate(done));
const pass = async (ms: number) => {
  clock.advance(ms);
  await settle();
};

beforeEach(() => {
  clock = manualClock();
  store = memoryPushStore();
  store.put(row('phone'));
  sent = [];
  warned = [];
  outcomes = [];
  gate = null;
  cut = () => {};
  delivery = createDelivery({
    clock,
    store,
    warn: (text) => warned.push(text),
    sender: {
      close: () => cut(),
      async send(to, { title }) {
        sent.push(`${to.device_id}: ${title}`);
        const outcome = outcomes.shift() ?? { kind: 'taken' };
        await gate;
        return outcome;
      },
    },
  });
});

describe('a lane', () => {
  it('brings messages in order, one at a time, and notes when', async () => {
    let open = () => {};
    gate = new Promise((done) => {
      open = done;
    });
    delivery.enqueue('phone', message('a'));
    delivery.enqueue('phone', message('b'));
    await settle();
    expect(sent).toEqual(['phone: a']);
    gate = null;
    open();
    await settle();
    expect(sent).toEqual(['phone: a', 'phone: b']);
    expect(store.get('phone')).toMatchObject({ last_sent_at: '2026-01-01T00:00:00.000Z', last_error: null });
  });

  it('F5: tries again with growing waits, then gives up and keeps the reason', async () => {
    outcomes = Array.from({ length: 6 }, () => later());
    delivery.enqueue('phone', message('a'));
    await settle();
    for (const wait of [5_000, 20_000, 60_000, 300_000, 900_000]) {
      const before = sent.length;
      await pass(wait - 1);
      expect(sent).toHaveLength(before);
      await pass(1);
      expect(sent).toHaveLength(before + 1);
    }
    await pass(86_400_000);
    expect(sent).toHaveLength(6);
    expect(store.get('phone')?.last_error).toBe('busy');
    expect(warned).toHaveLength(6);
  });

  it('F5: waits as long as the service asks, even when something newer comes', async () => {
    outcomes = [later(120_000)];
    delivery.enqueue('phone', message('a'));
    await settle();
    delivery.enqueue('phone', message('b'));
    await pass(119_999);
    expect(sent).toEqual(['phone: a']);
    await pass(1);
    expect(sent).toEqual(['phone: a', 'phone: a', 'phone: b']);
    expect(store.get('phone')?.last_error).toBeNull();
  });

  it('takes a wait of more than an hour for a no', async () => {
    outcomes = [later(86_400_000)];
    delivery.enqueue('phone', message('a'));
    await pass(172_800_000);
    expect(sent).toEqual(['phone: a']);
  });

  it('tries at once when something newer comes and only the network was missing', async () => {
    outcomes = [later(), later(), later()];
    delivery.enqueue('phone', message('a'));
    await settle();
    await pass(5_000);
    await pass(20_000);
    delivery.enqueue('phone', message('b'));
    await settle();
    expect(sent).toEqual(['phone: a', 'phone: a', 'phone: a', 'phone: a', 'phone: b']);
  });

  it('replaces what waits for the same session, and keeps no more than 32', async () => {
    outcomes = [later(1_000)];
    delivery.enqueue('phone', message('a', 'old'));
    await settle();
    delivery.enqueue('phone', message('a', 'new'));
    for (let i = 0; i < 40; i += 1) delivery.enqueue('phone', message(`s${i}`));
    await pass(1_000);
    await vi.waitFor(() => expect(sent).toHaveLength(1 + 32));
    expect(sent[1]).toBe('phone: s8');
    expect(sent.at(-1)).toBe('phone: s39');
  });

  it('does not hold up another device', async () => {
    store.put(row('tablet'));
    outcomes = [later()];
    delivery.enqueue('phone', message('a'));
    delivery.enqueue('tablet', message('a'));
    await settle();
    expect(sent).toEqual(['phone: a', 'tablet: a']);
    expect(store.get('tablet')?.last_sent_at).not.toBeNull();
  });

  it('drops what is refused and goes on', async () => {
    outcomes = [{ kind: 'refused', detail: 'no' }];
    delivery.enqueue('phone', message('a'));
    delivery.enqueue('phone', message('b'));
    await settle();
    expect(sent).toEqual(['phone: a', 'phone: b']);
  });

  it('F5: forgets a subscription that is gone, with all that waited for it', async () => {
    outcomes = [{ kind: 'gone', detail: 'gone' }];
    delivery.enqueue('phone', message('a'));
    delivery.enqueue('phone', message('b'));
    await settle();
    expect(sent).toEqual(['phone: a']);
    expect(store.get('phone')).toBeNull();
  });

  it('keeps a subscription that was renewed while the old one turned out to be gone', async () => {
    let open = () => {};
    gate = new Promise((done) => {
      open = done;
    });
    outcomes = [{ kind: 'gone', detail: 'gone' }];
    delivery.enqueue('phone', message('a'));
    await settle();
    store.put({ ...row('phone'), endpoint: 'https://push.example/renewed' });
    open();
    await settle();
    expect(store.get('phone')).toMatchObject({ endpoint: 'https://push.example/renewed', last_error: null });
  });

  it('A24: after a revoke nothing more goes out, not even what was to be tried again', async () => {
    let open = () => {};
    gate = new Promise((done) => {
      open = done;
    });
    outcomes = [later()];
    delivery.enqueue('phone', message('a'));
    await settle();
    delivery.forget('phone');
    store.delete('phone');
    open();
    await pass(86_400_000);
    store.put(row('phone'));
    await pass(86_400_000);
    expect(sent).toEqual(['phone: a']);
  });
});

it('does not wait for a slow push service when it ends, and notes nothing of what was cut off', async () => {
  gate = new Promise((done) => {
    cut = done;
  });
  outcomes = [later()];
  delivery.enqueue('phone', message('a'));
  await settle();
  await delivery.close();
  expect(store.get('phone')?.last_error).toBeNull();
  expect(warned).toEqual([]);
});

it('ends with nothing under way', async () => {
  outcomes = [later()];
  delivery.enqueue('phone', message('a'));
  await delivery.close();
  await pass(86_400_000);
  expect(sent).toEqual(['phone: a']);
});
