/** A line on which one large message takes longer than the times after which silence counts as an end. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LinkClient } from './client.ts';
import { arrived, ManualClock } from './manual-clock.ts';
import { HEARTBEAT_MS, STALE_MS } from './messages.ts';
import type { LinkPipe } from './pipe.ts';
import { ScriptedHome } from './scripted-home.ts';

let clock: ManualClock;
let home: ScriptedHome;
let link: LinkClient;
/** The client's end, and what of it is not on the wire yet. */
let pipe: LinkPipe;
let left: number;

beforeEach(async () => {
  clock = new ManualClock();
  home = new ScriptedHome(() => clock.now());
  link = new LinkClient({ door: home.door(), clock });
  link.start();
  await arrived();
  expect(link.connection.value.state).toBe('online');
  // from now on nobody answers
  home.mute = true;
  pipe = home.guest.pair.a;
  left = 0;
  Object.defineProperty(pipe, 'bufferedBytes', { get: () => left });
});
afterEach(() => link.close());
const broken = { state: 'reconnecting', cause: 'broken' };

describe('a line lives', () => {
  it('while parts of a message come in', async () => {
    for (let i = 0; i < 3; i++) {
      await clock.advance(STALE_MS - 1000);
      pipe.onHeard?.();
    }
    expect(link.connection.value.state).toBe('online');
    await clock.advance(STALE_MS);
    expect(link.connection.value).toMatchObject(broken);
  });

  it('while something goes out', async () => {
    left = 5_000_000;
    for (let i = 0; i < 6; i++) {
      await clock.advance(HEARTBEAT_MS);
      left -= 100_000;
    }
    expect(link.connection.value.state).toBe('online');
    await clock.advance(STALE_MS + HEARTBEAT_MS);
    expect(link.connection.value).toMatchObject(broken);
  });

  it('when the app comes to the front and the answer stands behind what goes out, until nothing goes any more', async () => {
    left = 5_000_000;
    void link.checkNow();
    for (let i = 0; i < 4; i++) {
      left -= 100_000;
      await clock.advance(3_000);
      expect([link.connection.value.state, home.dials]).toEqual(['online', 1]);
    }
    await clock.advance(3_000);
    expect(home.dials).toBe(2);
  });
});
