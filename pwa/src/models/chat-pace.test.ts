import { effect, signal } from '@preact/signals';
import { beforeEach, describe, expect, it } from 'vitest';
import { createPace } from './chat-pace.ts';

let seen: number[];
let pauses: (() => void)[];
const tick = () => {
  for (const run of pauses.splice(0)) run();
};
const open = (handle: (event: number) => void = (event) => void seen.push(event)) =>
  createPace(handle, (run) => {
    pauses.push(run);
    return () => void pauses.splice(0);
  });

beforeEach(() => {
  seen = [];
  pauses = [];
});

describe('the pace of a chat', () => {
  it('what comes first is shown at once, what follows closely comes together and in order', () => {
    const pace = open();
    pace.take(1);
    expect(seen).toEqual([1]);
    pace.take(2);
    pace.take(3);
    expect(seen).toEqual([1]);
    tick();
    expect(seen).toEqual([1, 2, 3]);
    tick();
    pace.take(4);
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  it('many events are drawn once', () => {
    const count = signal(0);
    let drawn = 0;
    effect(() => {
      drawn = count.value >= 0 ? drawn + 1 : 0;
    });
    const pace = open(() => {
      count.value += 1;
    });
    for (let event = 0; event < 100; event += 1) pace.take(event);
    tick();
    expect([count.value, drawn]).toEqual([100, 3]);
  });

  it('a page whose clocks stand still holds back no more than so much', () => {
    const pace = open();
    for (let event = 0; event < 5_000; event += 1) pace.take(event);
    expect(seen.length).toBeGreaterThan(3_900);
  });

  it('a chat that is left hears nothing more', () => {
    const pace = open();
    pace.take(1);
    pace.take(2);
    pace.close();
    tick();
    expect(seen).toEqual([1]);
  });
});
