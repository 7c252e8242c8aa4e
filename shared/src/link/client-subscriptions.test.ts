import { afterEach, describe, expect, it } from 'vitest';
import { AfieldError } from '../errors.ts';
import type { AfieldEvent } from '../events.ts';
import { LinkClient } from './client.ts';
import type { Reconnected, SubscribeOptions } from './link.ts';
import { arrived, ManualClock } from './manual-clock.ts';
import { duplicateMessage } from './memory-pair.ts';
import { encodeMessage, event } from './message-codec.ts';
import { ScriptedHome } from './scripted-home.ts';

const A = '01939b0e-7c1a-7d8e-8a43-0d6f2b1c9e55';
const B = '01939b0e-7c1a-7d8e-8a43-0d6f2b1c9e56';

const clients: LinkClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

async function online() {
  const clock = new ManualClock();
  const home = new ScriptedHome(() => clock.now());
  const link = new LinkClient({ door: home.door(), clock });
  clients.push(link);
  const returns: Reconnected[] = [];
  link.onReconnected((summary) => returns.push(summary));
  const listen = (options: Partial<SubscribeOptions> = {}) => {
    const heard: number[] = [];
    const gaps: number[] = [];
    const subscription = link.subscribe({ topics: ['*'], onGap: (seq) => gaps.push(seq), ...options }, ({ seq }: AfieldEvent) =>
      heard.push(seq),
    );
    return { heard, gaps, subscription };
  };
  /** The line is cut; what is done `meanwhile` happens while nobody is connected. */
  const away = async (ms: number, meanwhile: () => void) => {
    home.unreachable = 'relay_down';
    home.guest.pair.cut();
    meanwhile();
    await clock.advance(ms);
    home.unreachable = null;
    await clock.advance(30_000);
    await arrived();
  };
  link.start();
  await arrived();
  return { clock, home, link, listen, away, returns };
}

describe('subscriptions', () => {
  it('without a past hear what happens from now on', async () => {
    const { home, listen } = await online();
    home.publish('log');
    const { heard, subscription } = listen();
    await arrived();
    expect(subscription.lastSeq).toBe(1);
    home.publish('log');
    home.publish('device.paired');
    await arrived();
    expect(heard).toEqual([2, 3]);
    expect(subscription.lastSeq).toBe(3);
  });

  it('with a past hear what they missed first', async () => {
    const { home, listen } = await online();
    for (let i = 0; i < 5; i++) home.publish('log');
    const { heard } = listen({ since: 2 });
    await arrived();
    home.publish('log');
    await arrived();
    expect(heard).toEqual([3, 4, 5, 6]);
  });

  it('hear only their topics and their session, several side by side', async () => {
    const { home, listen } = await online();
    const sessions = listen({ topics: ['session.*'] });
    const one = listen({ topics: ['log', 'session.deleted'], session_id: A });
    await arrived();
    home.publish('session.created', A);
    home.publish('log', A);
    home.publish('log', B);
    home.publish('session.deleted', A);
    await arrived();
    expect(sessions.heard).toEqual([1, 4]);
    expect(one.heard).toEqual([2, 4]);
  });

  it('end when closed, at home too', async () => {
    const { home, listen } = await online();
    const first = listen();
    const second = listen();
    await arrived();
    first.subscription.close();
    first.subscription.close();
    await arrived();
    home.publish('log');
    await arrived();
    expect([first.heard, second.heard]).toEqual([[], [1]]);
    expect(home.guest.subscriptions).toHaveLength(1);
  });

  it('closed before the answer are told nothing of it', async () => {
    const { home, listen } = await online();
    home.firstSeq = 100;
    home.held.add('subscribe');
    const { gaps, subscription } = listen({ since: 5 });
    await arrived();
    subscription.close();
    home.release();
    await arrived();
    expect(gaps).toEqual([]);
  });

  it('say so when they are refused, and are over', async () => {
    const { home, link, away } = await online();
    home.refusals.set('subscribe', new AfieldError('session_not_found', 'No such session.'));
    let error: AfieldError | null = null;
    link.subscribe({ topics: ['*'], session_id: A, onError: (told) => (error = told) }, () => {});
    await arrived();
    expect(error).toMatchObject({ code: 'session_not_found' });
    await away(0, () => {});
    expect(home.actions).toEqual(['subscribe']);
  });

  it('are bounded', async () => {
    const { listen } = await online();
    for (let i = 0; i < 16; i++) listen();
    expect(() => listen()).toThrow(/16 subscriptions are open/);
  });

  it('a handler that throws is reported and harms nobody', async () => {
    const { home, link, listen } = await online();
    const thrown: unknown[] = [];
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.once('uncaughtException', (error) => thrown.push(error));
    try {
      link.subscribe({ topics: ['log'] }, () => {
        throw new Error('a fault of the page');
      });
      const { heard } = listen();
      await arrived();
      home.publish('log');
      await arrived();
      expect(thrown).toEqual([expect.objectContaining({ message: 'a fault of the page' })]);
      expect(heard).toEqual([1]);
      expect(link.connection.value.state).toBe('online');
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of listeners) process.on('uncaughtException', listener);
    }
  });
});

describe('subscriptions over a broken line', () => {
  it('resume after the last seq: nothing lost, nothing doubled, and the number told', async () => {
    const { home, listen, away, returns } = await online();
    const { heard } = listen();
    await arrived();
    home.publish('log');
    await arrived();
    await away(12_000, () => {
      home.publish('log');
      home.publish('session.created');
    });
    home.publish('log');
    await arrived();
    expect(heard).toEqual([1, 2, 3, 4]);
    expect(home.requests.at(-1)?.payload).toMatchObject({ action: 'subscribe', since: 1 });
    expect(returns).toEqual([expect.objectContaining({ missed_events: 2, gap: false, cause: 'relay_down' })]);
    expect(returns[0]?.away_ms).toBeGreaterThanOrEqual(12_000);
  });

  it('counts an event that two of them hear once', async () => {
    const { home, listen, away, returns } = await online();
    const both = [listen(), listen({ topics: ['log'] })];
    await arrived();
    await away(0, () => home.publish('log'));
    expect(both.map(({ heard }) => heard)).toEqual([[1], [1]]);
    expect(returns[0]?.missed_events).toBe(1);
  });

  it('says that it is catching up, with at most how many', async () => {
    const { clock, home, link, listen } = await online();
    listen({ topics: ['session.*'] });
    await arrived();
    const states: unknown[] = [];
    link.connection.subscribe((state) => states.push(state));
    home.guest.pair.cut();
    for (let i = 0; i < 7; i++) home.publish('log');
    await clock.advance(0);
    expect(states).toContainEqual({ state: 'catching_up', events: 7 });
    expect(link.connection.value.state).toBe('online');
  });

  it('a gap is told, and it goes on from there', async () => {
    const { home, listen, away, returns } = await online();
    const { heard, gaps } = listen();
    await arrived();
    home.publish('log');
    await arrived();
    await away(0, () => {
      for (let i = 0; i < 9; i++) home.publish('log');
      home.firstSeq = 6;
    });
    expect(gaps).toEqual([11]);
    expect(returns).toEqual([expect.objectContaining({ gap: true, missed_events: 0 })]);
    home.publish('log');
    await arrived();
    expect(heard).toEqual([1, 11]);
  });

  it('G6: a restored, older log is a gap too', async () => {
    const { home, listen, away } = await online();
    const { heard, gaps } = listen({ since: 0 });
    for (let i = 0; i < 9; i++) home.publish('log');
    await arrived();
    await away(0, () => home.events.splice(4));
    expect(gaps).toEqual([5]);
    home.publish('log');
    await arrived();
    expect(heard).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 5]);
  });

  it('one whose topic is rare does not ask for what was deleted long since', async () => {
    const { home, listen, away } = await online();
    const { gaps } = listen({ topics: ['device.*'] });
    await arrived();
    await away(0, () => {
      for (let i = 0; i < 50; i++) home.publish('log');
    });
    await away(0, () => {
      home.firstSeq = 40;
    });
    expect(gaps).toEqual([]);
    expect(home.requests.at(-1)?.payload).toMatchObject({ since: 50 });
  });

  it('made while there is no line begin with the next', async () => {
    const { home, listen, away } = await online();
    let late: ReturnType<typeof listen> | undefined;
    await away(0, () => {
      late = listen({ since: 0 });
      home.publish('log');
    });
    expect(late?.heard).toEqual([1]);
  });

  it('B: a line that doubles and repeats messages doubles no event', async () => {
    const { home, listen } = await online();
    const { heard } = listen();
    await arrived();
    home.guest.pair.bToA.tamper = (message, index) => duplicateMessage(index)(message, index);
    const told = home.publish('log');
    home.publish('log');
    await arrived();
    home.guest.pair.b.sendText(encodeMessage(event(told, 0, home.guest.subscriptions[0]?.id)));
    await arrived();
    expect(heard).toEqual([1, 2]);
  });

  it('events for a subscription that is not ours, or is closed, are ignored', async () => {
    const { home, listen } = await online();
    const { heard, subscription } = listen();
    await arrived();
    const id = home.guest.subscriptions[0]?.id;
    subscription.close();
    const told = home.publish('log');
    for (const unknown of [id, 'r999', undefined]) home.guest.pair.b.sendText(encodeMessage(event(told, 0, unknown)));
    await arrived();
    expect(heard).toEqual([]);
  });

  it('survive a hundred reconnections without a loss or a double', async () => {
    const { clock, home, listen } = await online();
    const { heard } = listen({ since: 0 });
    for (let i = 0; i < 100; i++) {
      home.publish('log');
      if (i % 3 === 0) await arrived();
      home.guest.pair.cut();
      home.publish('log');
      await clock.advance(i % 2 === 0 ? 0 : 20_000);
    }
    await clock.advance(60_000);
    expect(heard).toEqual(home.events.map(({ seq }) => seq));
  });
});
