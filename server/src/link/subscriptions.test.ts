import { afterEach, describe, expect, it } from 'vitest';
import { endAll, ID, seqs, start } from './link-kit.ts';
import { MAX_SUBSCRIPTIONS } from './subscriptions.ts';

afterEach(endAll);

describe('subscriptions', () => {
  it('tell what was missed, then what happens, in order and without a hole', async () => {
    const house = start();
    for (let event = 0; event < 1_000; event++) house.publish();
    const id = house.ask('subscribe', { topics: ['session.*'], since: 10 });
    const ping = house.ask('ping', {});
    // Live ones, published while the stored ones are being read.
    for (let turn = 0; turn < 20; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      house.publish();
    }
    await house.settled();
    expect(house.answerTo(id)).toMatchObject({ kind: 'subscribed', resume: 'ok' });
    expect(seqs(house, id)).toEqual(Array.from({ length: 1_010 }, (_, i) => i + 11));
    const pong = house.told.findIndex((message) => message.id === ping);
    const lastStored = house.told.findIndex((message) => (message.payload as { seq?: number }).seq === 1_000);
    expect(pong).toBeGreaterThan(lastStored);
  });

  it('say gap when it is too late, or from a future that never was', async () => {
    const house = start();
    for (let event = 0; event < 20; event++) house.publish();
    house.store.prune(5);
    for (const since of [3, 21, 9_999]) {
      const id = house.ask('subscribe', { topics: ['*'], since });
      await house.settled();
      expect(house.answerTo(id)).toMatchObject({ resume: 'gap', next_seq: 21 });
      expect(seqs(house, id)).toEqual([]);
      house.ask('unsubscribe', { subscription: id });
    }
    const id = house.ask('subscribe', { topics: ['*'], since: 15 });
    await house.settled();
    expect(seqs(house, id)).toEqual([16, 17, 18, 19, 20]);
  });

  it('tell only the topics and the session that were asked for, and end when told to', async () => {
    const house = start();
    const own = house.ask('subscribe', { topics: ['session.*'], session_id: ID });
    const devices = house.ask('subscribe', { topics: ['device.revoked'] });
    await house.settled();
    house.events.publish('session.deleted', 'other', {});
    house.publish();
    house.events.publish('device.revoked', null, { device_id: ID });
    await house.settled();
    expect([seqs(house, own), seqs(house, devices)]).toEqual([[2], [3]]);
    house.ask('unsubscribe', { subscription: own });
    await house.settled();
    house.publish();
    await house.settled();
    expect(seqs(house, own)).toEqual([2]);
  });

  it('tell nobody what they may not hear', async () => {
    const house = start({ scopes: ['sessions:read'] });
    const all = house.ask('subscribe', { topics: ['*'] });
    const forbidden = house.ask('subscribe', { topics: ['device.*', 'machine.*'] });
    const unknown = house.ask('subscribe', { topics: ['*'], session_id: '01890a5d-ac96-774b-bcce-b302099a8058' });
    await house.settled();
    house.events.publish('device.revoked', null, { device_id: ID });
    house.publish();
    await house.settled();
    expect(seqs(house, all)).toEqual([2]);
    expect(house.answerTo(forbidden)).toMatchObject({ code: 'forbidden' });
    expect(house.answerTo(unknown)).toMatchObject({ code: 'session_not_found' });
  });

  it('a reader that stalls holds nothing in memory, and gets all of it later', async () => {
    const house = start();
    const id = house.ask('subscribe', { topics: ['*'] });
    await house.settled();
    house.pair.aToB.paused = true;
    const text = 'x'.repeat(10_000);
    const publish = () => house.events.publish('message.state_changed', ID, { prompt_id: ID, state: 'home', reason: text });
    for (let event = 0; event < 500; event++) publish();
    expect(house.pair.a.bufferedBytes).toBeLessThan(600_000);
    house.pair.aToB.paused = false;
    for (let wait = 0; wait < 200 && seqs(house, id).length < 500; wait++) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(seqs(house, id)).toEqual(Array.from({ length: 500 }, (_, i) => i + 1));
  });

  it(`are ${MAX_SUBSCRIPTIONS} at most, and take the session of the address when they name none`, async () => {
    const house = start({ session_id: ID });
    for (let n = 0; n < MAX_SUBSCRIPTIONS; n++) house.ask('subscribe', { topics: ['*'] });
    const more = house.ask('subscribe', { topics: ['*'] });
    await house.settled();
    expect(house.answerTo(more)).toMatchObject({ code: 'too_many' });
    house.events.publish('session.deleted', 'other', {});
    house.publish();
    await house.settled();
    expect(seqs(house, 'r1')).toEqual([2]);
  });
});
