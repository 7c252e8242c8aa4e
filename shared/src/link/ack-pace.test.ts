import { describe, expect, it } from 'vitest';
import { ACK_BYTES, ACK_MS, AckPace } from './ack-pace.ts';

describe('AckPace', () => {
  const at = (time: { now: number }) => new AckPace(() => time.now);

  it('says nothing before anything is drawn', () => {
    expect(at({ now: 0 }).next()).toEqual({ kind: 'rest' });
  });

  it('acks a snapshot as soon as it is drawn, and only then', () => {
    const pace = at({ now: 0 });
    pace.reset(1000);
    expect(pace.next()).toEqual({ kind: 'rest' });
    pace.consumed(1000);
    expect(pace.next()).toEqual({ kind: 'ack', offset: 1000 });
    expect(pace.next()).toEqual({ kind: 'rest' });
  });

  it('acks output every 32 KiB, else after 50 ms', () => {
    const time = { now: 0 };
    const pace = at(time);
    pace.consumed(100);
    expect(pace.next()).toEqual({ kind: 'wait', ms: ACK_MS });
    time.now = 20;
    pace.consumed(200);
    expect(pace.next()).toEqual({ kind: 'wait', ms: ACK_MS - 20 });
    pace.consumed(ACK_BYTES);
    expect(pace.next()).toEqual({ kind: 'ack', offset: ACK_BYTES });
    pace.consumed(ACK_BYTES + 1);
    time.now += ACK_MS;
    expect(pace.next()).toEqual({ kind: 'ack', offset: ACK_BYTES + 1 });
  });

  it('does not take an old drawing for the snapshot', () => {
    const pace = at({ now: 0 });
    pace.reset(5000);
    pace.consumed(400);
    expect(pace.next()).toEqual({ kind: 'rest' });
  });

  it('does not wait for ever when the clock jumps back', () => {
    const time = { now: 1000 };
    const pace = at(time);
    pace.consumed(1);
    time.now = 0;
    expect(pace.next()).toEqual({ kind: 'ack', offset: 1 });
  });
});
