import { encodeFrame, FRAME_INPUT, FRAME_OUTPUT, FRAME_SNAPSHOT } from '@afield/shared/link/frames.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { endAll, type House, ID, start } from './link-kit.ts';
import { MAX_STREAMS } from './streams.ts';

afterEach(endAll);

describe('streams', () => {
  const attach = (house: House, lease: 'take' | 'look' = 'take') => house.ask('attach', { session_id: ID, cols: 80, rows: 24, lease });
  const input = (house: House, stream: number, text: string) =>
    house.pair.b.sendFrame(encodeFrame({ kind: FRAME_INPUT, stream, offset: 0, bytes: Buffer.from(text) }));

  it('are named before their first frame, carry output and take keys', async () => {
    const house = start();
    const id = attach(house);
    await house.settled();
    const answer = house.answerTo(id);
    expect(answer).toMatchObject({ kind: 'attached', stream: 1, cols: 80, rows: 24, lease: 'held', offset: 7, viewer: house.sinks[0]?.id });
    expect(house.order).toEqual(['welcome', 'attached', 'frame 3']);
    house.sinks[0]?.send(FRAME_OUTPUT, 7, Buffer.from('more'));
    input(house, 1, 'keys');
    input(house, 99, 'lost');
    house.ask('ack', { stream: 1, offset: 11 });
    const resized = house.ask('resize', { stream: 1, cols: 100, rows: 30 });
    await house.settled();
    expect(house.frames.map((f) => [f.kind, f.stream, f.offset, Buffer.from(f.bytes).toString()])).toEqual([
      [FRAME_SNAPSHOT, 1, 7, 'screen'],
      [FRAME_OUTPUT, 1, 7, 'more'],
    ]);
    expect(house.seen).toMatchObject({ input: ['keys'], acks: [11], sizes: ['100x30'] });
    expect(house.answerTo(resized)).toMatchObject({ kind: 'ok' });
    expect([...house.connections][0]?.sessions()).toEqual([ID]);
  });

  it('end when the session does, when detached, and with the connection', async () => {
    const house = start();
    for (let n = 0; n < 3; n++) attach(house);
    await house.settled();
    house.sinks[0]?.closed('ended');
    house.ask('detach', { stream: 2 });
    house.ask('detach', { stream: 2 });
    await house.settled();
    expect(house.told.find((m) => m.type === 'event')?.payload).toEqual({ type: 'stream.closed', stream: 1, reason: 'ended' });
    expect(house.seen.detached).toBe(1);
    house.sinks[1]?.send(FRAME_OUTPUT, 0, Buffer.from('late'));
    await house.settled();
    expect(house.frames.some((frame) => Buffer.from(frame.bytes).toString() === 'late')).toBe(false);
    house.pair.cut();
    expect(house.seen.detached).toBe(2);
  });

  it('a device without sessions:input may look, and no more', async () => {
    const house = start({ scopes: ['sessions:read'] });
    attach(house);
    await house.settled();
    expect(house.seen.leases).toEqual(['look']);
    const resized = house.ask('resize', { stream: 1, cols: 100, rows: 30 });
    input(house, 1, 'keys');
    await house.settled();
    expect(house.answerTo(resized)).toMatchObject({ code: 'forbidden' });
    expect(house.seen).toMatchObject({ input: [], sizes: [], detached: 1 });
    expect(house.told.find((m) => m.type === 'event')?.payload).toEqual({ type: 'stream.closed', stream: 1, reason: 'forbidden' });
    const blind = start({ scopes: ['devices:read'] });
    const id = attach(blind);
    await blind.settled();
    expect(blind.answerTo(id)).toMatchObject({ code: 'forbidden' });
  });

  it(`are ${MAX_STREAMS} at most`, async () => {
    const house = start();
    for (let n = 0; n < MAX_STREAMS; n++) attach(house);
    const more = attach(house);
    await house.settled();
    expect(house.answerTo(more)).toMatchObject({ code: 'too_many' });
  });

  it('a frame of another kind, or a broken one, ends the line', async () => {
    for (const bytes of [
      encodeFrame({ kind: FRAME_OUTPUT, stream: 1, offset: 0, bytes: new Uint8Array(1) }),
      new Uint8Array(5),
      new Uint8Array(0),
    ]) {
      const house = start();
      house.pair.b.sendFrame(bytes);
      await house.settled();
      expect(house.ended()?.kind).toBe('protocol');
    }
  });
});
